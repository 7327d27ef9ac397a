package main

import "utile/internal/classify"

// knownCodes are the codes of the taxonomy.
var knownCodes = func() map[string]bool {
	known := map[string]bool{}
	for _, c := range classify.Codes() {
		known[c] = true
	}
	return known
}()
