package web

import "utile/internal/domain"

//i18n:dynamic purposes. purpose. basis. basis_hint. art9. subject. recipient. measure. mappings. review.

func purposePath(by domain.Actor, id domain.PurposeID, parts ...string) string {
	return workspacePath(by, append([]string{"purposes", itoa(id)}, parts...)...)
}
