package domain

import (
	"strings"
	"time"
)

// Remark is what a person writes about a record; people know it as a comment.
type Remark struct {
	ID         RemarkID
	Author     UserID
	AuthorName string
	Body       string
	At         time.Time
}

// NewRemark checks and cleans what was typed.
func NewRemark(body string) (Remark, error) {
	r := Remark{Body: strings.TrimSpace(strings.ReplaceAll(body, "\r\n", "\n"))}
	var p Problems
	if r.Body == "" {
		p.Add("body", "error.required")
	}
	p.Text("body", r.Body, MaxText)
	return r, p.Err()
}
