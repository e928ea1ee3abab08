// Package polyglot holds what is written in Go from the proto alone: the helper, its members, and a caller.
package polyglot

//go:generate buf generate
