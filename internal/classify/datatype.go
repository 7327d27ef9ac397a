package classify

import "strings"

// typeClasses are looked for in the written type, in this order.
var typeClasses = []struct{ part, class string }{
	{"bool", "bool"}, {"tinyint(1)", "bool"}, {"checkbox", "bool"}, {"bit", "bool"},
	{"json", "json"}, {"variant", "json"}, {"super", "json"}, {"array", "json"}, {"object", "json"}, {"[]", "json"},
	{"datetime", "datetime"}, {"timestamp", "datetime"}, {"date", "date"}, {"year", "date"},
	{"uuid", "uuid"}, {"uniqueid", "uuid"}, {"inet", "ip"}, {"geo", "geo"}, {"point", "geo"}, {"email", "email"}, {"phone", "phone"},
	{"url", "url"}, {"address", "address"}, {"currency", "money"}, {"money", "money"}, {"percent", "decimal"},
	{"picklist", "enum"}, {"enum", "enum"}, {"reference", "ref"}, {"many2one", "ref"}, {"lookup", "ref"}, {"foreign", "ref"},
	{"dec", "decimal"}, {"numeric", "decimal"}, {"double", "decimal"}, {"float", "decimal"}, {"real", "decimal"},
	{"mediumtext", "text"}, {"longtext", "text"}, {"textarea", "text"}, {"clob", "text"}, {"memo", "text"},
	{"blob", "binary"}, {"binary", "binary"}, {"bytea", "binary"}, {"image", "binary"},
	{"int", "int"}, {"serial", "int"}, {"long", "int"}, {"time", "time"}, {"interval", "time"},
	{"char", "string"}, {"string", "string"}, {"text", "text"}, {"number", "number"},
}

// typeClass gathers the ways in which sources write one kind of type.
func typeClass(dataType string) string {
	written, _, _ := strings.Cut(strings.ToLower(dataType), "/") // what follows a slash is how a form shows it
	for _, t := range typeClasses {
		if strings.Contains(written, t.part) {
			return t.class
		}
	}
	return ""
}
