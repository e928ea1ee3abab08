// Command gotools is an agent for what Go's standard library knows best: Go itself.
package main

import (
	"context"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"log"
	"os"

	"github.com/troupe-mesh/troupe/services/polyglot/go/probe"
	"github.com/troupe-mesh/troupe/services/polyglot/go/troupe"
)

func main() {
	agent := troupe.Agent{
		ID:             "go-tools",
		Version:        "1.0.0",
		Description:    "Formats and outlines Go source.",
		MaxConcurrency: 64,
		OnBroadcast:    hear,
		Capabilities: []troupe.Capability{
			{
				Name:        "go.format",
				Description: "Formats Go source as gofmt does.",
				InputSchema: `{"type": "object", "properties": {"source": {"type": "string"}}, "required": ["source"]}`,
				Idempotent:  true,
				Handle:      formatSource,
			},
			{
				Name:        "go.outline",
				Description: "Lists what Go files export. Tells its progress, file by file.",
				InputSchema: `{
					"type": "object",
					"properties": {"files": {"type": "object", "additionalProperties": {"type": "string"}}},
					"required": ["files"]
				}`,
				Idempotent: true,
				Handle:     outline,
			},
		},
	}
	if os.Getenv("TROUPE_CONFORMANCE") == "1" {
		agent.Capabilities = append(agent.Capabilities, probe.Capability())
	}
	if err := troupe.Run(agent); err != nil {
		log.Fatal(err)
	}
}

func formatSource(_ context.Context, task *troupe.Task) (any, error) {
	var input struct{ Source string }
	if err := task.Decode(&input); err != nil {
		return nil, err
	}
	formatted, err := format.Source([]byte(input.Source))
	if err != nil {
		return nil, troupe.Invalid(troupe.InvalidPayload, "payload.source", err.Error())
	}
	return map[string]string{"source": string(formatted)}, nil
}

func outline(ctx context.Context, task *troupe.Task) (any, error) {
	var input struct{ Files map[string]string }
	if err := task.Decode(&input); err != nil {
		return nil, err
	}
	exported := map[string][]string{}
	for name, source := range input.Files {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.SkipObjectResolution)
		if err != nil {
			return nil, troupe.Invalid(troupe.InvalidPayload, "payload.files", err.Error())
		}
		exported[name] = exports(file)
		if err := task.Progress(map[string]any{"file": name, "exports": len(exported[name])}); err != nil {
			return nil, err
		}
	}
	return exported, nil
}

// exports lists the exported names that a file declares at its top.
func exports(file *ast.File) []string {
	names := []string{}
	add := func(identifiers ...*ast.Ident) {
		for _, identifier := range identifiers {
			if identifier.IsExported() {
				names = append(names, identifier.Name)
			}
		}
	}
	for _, declaration := range file.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				add(d.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					add(s.Name)
				case *ast.ValueSpec:
					add(s.Names...)
				}
			}
		}
	}
	return names
}

// hear answers a broadcast that asks for something, and acknowledges any other.
func hear(_ context.Context, task *troupe.Task) (any, error) {
	ask := task.Message.GetPayload().GetStructValue().GetFields()["ask"]
	if ask == nil {
		return nil, nil
	}
	return map[string]any{"go": ask.AsInterface()}, nil
}
