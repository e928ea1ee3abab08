// Package troupe saves each author of an agent in Go the same lines: Describe, Handle, Link, health, reflection, announcing
// and draining, from an [Agent] with its capabilities.
//
// It is written from the comments in proto/troupe/v1 alone, and nothing in it is needed to be a member.
package troupe
