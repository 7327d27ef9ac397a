package ui

import "github.com/a-h/templ"

// CatalogueRowForTest is a row with every sort of cell, to measure what a long list costs.
func CatalogueRowForTest() templ.Component {
	s := sampler(func(_, en string) string { return en })
	return catalogueRow(s, s.rows()[0], false)
}
