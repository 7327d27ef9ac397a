// Package migrations holds the numbered changes of the database schema.
package migrations

import "embed"

// FS holds the goose migrations, in order of their numbers.
//
//go:embed 0*.sql
var FS embed.FS
