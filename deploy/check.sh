#!/usr/bin/env bash
# Renders deploy/, and holds what comes out against the Kubernetes API, against linters, and against our own rules in test/deploy.
#
#   deploy/check.sh             checks with the tools in .tools/bin and on the PATH; one that is missing is skipped by name,
#                               unless TROUPE_REQUIRE (kustomize,kubeconform,…) names it: then the check fails
#   deploy/check.sh --install   brings the tools to .tools/bin, with Go
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.tools/bin:$PWD/node_modules/.bin:$PATH"

if [ "${1:-}" = --install ]; then
  for package in \
    sigs.k8s.io/kustomize/kustomize/v5@v5.8.1 \
    github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0 \
    golang.stackrox.io/kube-linter/cmd/kube-linter@latest \
    github.com/zegl/kube-score/cmd/kube-score@v1.20.0; do
    GOBIN="$PWD/.tools/bin" go install "$package" || echo "deploy: $package cannot be installed" >&2
  done
  exit
fi

failed=0

# has TOOL: whether it is there. Says so where it is not, and fails the check where it is required.
has() {
  command -v "$1" >/dev/null && return
  if [[ ",${TROUPE_REQUIRE:-}," == *",$1,"* ]]; then
    echo "deploy: $1 is required, and missing: deploy/check.sh --install" >&2
    failed=1
  else
    echo "deploy: $1 skipped, as it is missing: deploy/check.sh --install"
  fi
  return 1
}

# with TOOL ARGUMENT…: runs a check; what it prints is shown where it fails.
with() {
  has "$1" || return 0
  local output
  if output=$("$@" 2>&1); then
    echo "deploy: $1 passed"
  else
    printf '%s\ndeploy: %s failed\n' "$output" "$1" >&2
    failed=1
  fi
}

if has kustomize; then
  rendered=$(mktemp -d)
  trap 'rm -r "$rendered"' EXIT
  kustomize build deploy/base >"$rendered/base.yaml"
  kustomize build deploy/overlays/python-agent >"$rendered/python-agent.yaml"

  with kubeconform -strict -schema-location 'test/deploy/kubernetes-api/{{.ResourceKind}}.json' "$rendered"
  with kube-linter lint "$rendered"
  # That there is one orchestrator is stated. The images' user has the number 1000, and the tags of images are never moved.
  with kube-score score "$rendered"/*.yaml --exit-one-on-warning --kubernetes-version v1.30 \
    --ignore-test deployment-replicas,deployment-strategy \
    --ignore-test container-security-context-user-group-id,container-image-pull-policy
  TROUPE_RENDERED="$rendered" with vitest run --config test/deploy/vitest.config.ts
fi
exit "$failed"
