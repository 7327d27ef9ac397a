package classify

import (
	_ "embed"
	"strings"
)

// companyCodes are the codes outside of tech that are about organisations and not about people.
var companyCodes = map[string]bool{"pro.company_id": true, "pro.company_contact": true}

// PersonalOf says whether a category is about people.
func PersonalOf(code string) Personal {
	switch {
	case code == "" || code == "unk":
		return Unknown
	case code == "tech" || strings.HasPrefix(code, "tech.") || companyCodes[code]:
		return NonPersonal
	}
	return IsPersonal
}

//go:embed data/codes.txt
var codeData string

// Codes returns the codes of the taxonomy, which a test holds against the one that workspaces start with.
func Codes() []string { return strings.Fields(codeData) }
