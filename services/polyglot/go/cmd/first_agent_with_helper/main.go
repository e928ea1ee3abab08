// The first agent in Go, with the helper.
package main

import (
	"context"
	"log"

	"github.com/troupe-mesh/troupe/services/polyglot/go/troupe"
)

func greet(_ context.Context, task *troupe.Task) (any, error) {
	var input struct{ Name string }
	err := task.Decode(&input)
	return map[string]string{"greeting": "Hello, " + input.Name + "!"}, err
}

func main() {
	capability := troupe.Capability{Name: "text.greet", Handle: greet}
	log.Fatal(troupe.Run(troupe.Agent{ID: "greeter", Capabilities: []troupe.Capability{capability}}))
}
