package classify

import "strings"

// companyCodes are the codes outside of tech that are about organisations and not about people.
var companyCodes = map[string]bool{"pro.company_id": true, "pro.company_contact": true}

// personalOf says whether a category is about people.
func personalOf(code string) Personal {
	switch {
	case code == "" || code == "unk":
		return Unknown
	case code == "tech" || strings.HasPrefix(code, "tech.") || companyCodes[code]:
		return NonPersonal
	}
	return IsPersonal
}
