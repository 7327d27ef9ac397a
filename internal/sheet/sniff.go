package sheet

import (
	"bytes"
	"io"
	"unicode/utf16"
)

// sniffed is how much of a file's head is looked at.
const sniffed = 4096

// signatures are the first bytes of files that are no text, and what they are.
var signatures = []struct{ is, magic string }{
	{"zip", "PK\x03\x04"}, {"zip", "PK\x05\x06"}, {"pdf", "%PDF"}, {"rtf", "{\\rtf"},
	{"image", "\x89PNG"}, {"image", "GIF8"}, {"image", "\xff\xd8\xff"}, {"image", "II*\x00"}, {"image", "MM\x00*"}, {"image", "RIFF"},
	{"gzip", "\x1f\x8b"}, {"archive", "7z\xbc\xaf\x27\x1c"}, {"archive", "Rar!"}, {"archive", "BZh9"}, {"archive", "\xfd7zXZ"},
	{"archive", "\x28\xb5\x2f\xfd"}, {"database", "SQLite format 3\x00"}, {"parquet", "PAR1"}, {"binary", "\x7fELF"}, {"binary", "MZ\x90"},
}

// ole begins the files of Office before 2007, and encrypted ones of today.
const ole = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

// sniff tells what a file is by its content: "" for a text that may be a table, "zip" for what may be a workbook.
func sniff(head []byte, r io.ReaderAt, size int64) string {
	for _, s := range signatures {
		if bytes.HasPrefix(head, []byte(s.magic)) {
			return s.is
		}
	}
	if bytes.HasPrefix(head, []byte(ole)) {
		if encryptedWorkbook(r, size) {
			return "encrypted"
		}
		return "xls"
	}
	encoding, _ := wideEncoding(head)
	if encoding != "" {
		return ""
	}
	if bytes.IndexByte(head, 0) >= 0 && bytes.Count(head, []byte{0})*20 > len(head) {
		return "binary"
	}
	return markup(bytes.TrimLeft(bytes.TrimPrefix(head, []byte(bom8)), " \t\r\n"))
}

// encryptedWorkbook tells an encrypted workbook from an old one by the name of the stream that holds it. The directory may be
// anywhere, but is near the start or the end in what programs write.
func encryptedWorkbook(r io.ReaderAt, size int64) bool {
	var name []byte
	for _, u := range utf16.Encode([]rune("EncryptedPackage")) {
		name = append(name, byte(u), byte(u>>8))
	}
	const look = 64 << 10
	for _, from := range []int64{0, max(0, size-look)} {
		part := make([]byte, min(look, size-from))
		n, _ := r.ReadAt(part, from) // what cannot be read holds no name
		if bytes.Contains(part[:n], name) {
			return true
		}
	}
	return false
}

// markup tells the text formats that are often sent under the name of a table.
func markup(text []byte) string {
	low := bytes.ToLower(text[:min(len(text), 512)])
	has := func(prefix string) bool { return bytes.HasPrefix(low, []byte(prefix)) }
	switch {
	case has("<!doctype html"), has("<html"), has("<table"), has("<head"), has("<meta"), has("<body"):
		return "html"
	case has("<?xml") && bytes.Contains(low, []byte("<html")):
		return "html"
	case has("<?xml"), has("<!--") && bytes.HasSuffix(bytes.TrimSpace(text), []byte(">")):
		return "xml"
	case has("{") && jsonFollows(low[1:], `"}`), has("[") && jsonFollows(low[1:], `{["]0123456789-`) && jsonArray(low):
		return "json"
	}
	return ""
}

func jsonFollows(rest []byte, first string) bool {
	rest = bytes.TrimLeft(rest, " \t\r\n")
	return len(rest) > 0 && bytes.IndexByte([]byte(first), rest[0]) >= 0
}

// jsonArray tells an array from a heading in brackets, which ends before the first delimiter of a table.
func jsonArray(text []byte) bool {
	end := bytes.IndexAny(text, "\r\n;|")
	closing := bytes.IndexByte(text, ']')
	return closing < 0 || end < 0 || closing > end || len(bytes.TrimSpace(text[closing+1:])) == 0
}
