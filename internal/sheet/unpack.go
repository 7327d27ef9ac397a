package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"path"
	"strconv"
	"strings"
)

// Main content types of the packages that Office writes, by what they are. Macros are refused wherever they show.
var mainTypes = []struct{ is, mark string }{
	{"macros", "macroenabled"},
	{"xlsx", "spreadsheetml.sheet.main+xml"},
	{"xlsx", "spreadsheetml.template.main+xml"},
	{"docx", "wordprocessingml"},
	{"pptx", "presentationml"},
}

// ignoredParts are folders of a workbook that hold nothing of its cells; they are counted and left out.
var ignoredParts = []string{
	"xl/media/", "xl/drawings/", "xl/charts/", "xl/chartsheets/", "xl/printersettings/", "xl/embeddings/", "xl/externallinks/",
	"xl/pivotcache/", "xl/pivottables/", "xl/slicers/", "xl/slicercaches/", "xl/tables/", "xl/querytables/", "xl/threadedcomments/", "xl/comments",
	"xl/persons/", "xl/ctrlprops/", "xl/activex/", "xl/customproperty/", "xl/calcchain.xml", "xl/connections.xml", "xl/model/",
	"xl/richdata/", "xl/webextensions/", "customxml/", "docprops/", "_xmlsignatures/", "xl/worksheets/_rels/",
}

// checkPackage refuses what is no workbook.
func checkPackage(archive *zip.Reader) error {
	is, err := packageKind(archive)
	if err == nil && is != "xlsx" {
		err = fault(NotATable, "sheet.error.not_a_table", "is", is)
	}
	return err
}

// packageKind tells a workbook from the other things that are zip archives. Macros and passwords are errors.
func packageKind(archive *zip.Reader) (is string, err error) {
	is, found := "zip", false
	for _, f := range archive.File {
		name := strings.ToLower(partName(f.Name))
		switch {
		case f.Flags&1 != 0:
			return "", fault(Encrypted, "sheet.error.encrypted")
		case strings.HasSuffix(name, "vbaproject.bin"), strings.HasPrefix(name, "xl/macrosheets/"):
			return "", fault(Unsafe, "sheet.error.macros")
		case name == "mimetype":
			if kind, _ := readPart(f, 200); strings.Contains(kind, "opendocument.spreadsheet") { // unreadable is no spreadsheet
				is = "ods"
			}
		case name == "xl/workbook.bin":
			is = "xlsb"
		case name == "[content_types].xml":
			types, err := readPart(f, 1<<20)
			if err != nil {
				return "", fault(Damaged, "sheet.error.damaged").because(err)
			}
			for _, t := range mainTypes {
				if strings.Contains(strings.ToLower(types), t.mark) && !found {
					is, found = t.is, true
				}
			}
		}
	}
	if is == "macros" {
		return "", fault(Unsafe, "sheet.error.macros")
	}
	return is, nil
}

func readPart(f *zip.File, most int64) (string, error) {
	in, err := f.Open()
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(io.LimitReader(in, most))
	return string(b), errors.Join(err, in.Close())
}

// partName is the name of a part with the separators that the format asks for.
func partName(name string) string { return strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "/") }

// unpacker reads every part of a package to its end, counting what really comes out.
type unpacker struct {
	limits Limits
	total  int64
	sheets map[string]sheetShape // by part name, in lower case
}

// copyCells returns a package of the parts that hold cells, as they were packed.
func (u *unpacker) copyCells(archive *zip.Reader) (*bytes.Reader, error) {
	if len(archive.File) > u.limits.Parts {
		return nil, fault(TooLarge, "sheet.error.parts", "most", u.limits.Parts)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	seen := map[string]bool{}
	for _, f := range archive.File {
		name := partName(f.Name)
		low := strings.ToLower(name)
		if strings.HasSuffix(low, "/") {
			continue
		}
		if err := u.read(f, low); err != nil {
			return nil, err
		}
		if !holdsCells(low) {
			continue
		}
		if seen[low] || path.Clean(low) != low || strings.HasPrefix(low, "../") {
			return nil, fault(Damaged, "sheet.error.damaged") // two parts of one name, or a name that leads outside
		}
		seen[low] = true
		if err := copyPart(w, f, name); err != nil {
			return nil, fault(Damaged, "sheet.error.damaged").because(err)
		}
	}
	if len(u.sheets) > u.limits.Sheets {
		return nil, fault(TooLarge, "sheet.error.sheets", "most", u.limits.Sheets)
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return bytes.NewReader(out.Bytes()), nil
}

func holdsCells(low string) bool {
	if !strings.HasSuffix(low, ".xml") && !strings.HasSuffix(low, ".rels") {
		return false
	}
	for _, prefix := range ignoredParts {
		if strings.HasPrefix(low, prefix) {
			return false
		}
	}
	return true
}

func copyPart(w *zip.Writer, f *zip.File, name string) error {
	h := f.FileHeader
	h.Name = name
	to, err := w.CreateRaw(&h)
	if err != nil {
		return err
	}
	from, err := f.OpenRaw()
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return err
}

// read unpacks a part to its end: within the limits, its checksum right, no archive, no entities.
func (u *unpacker) read(f *zip.File, low string) error {
	in, err := f.Open()
	if err != nil {
		return fault(Damaged, "sheet.error.damaged").because(err)
	}
	defer func() { _ = in.Close() }() // only read from
	most := u.limits.Total
	sheet := strings.HasPrefix(low, "xl/worksheets/") && strings.HasSuffix(low, ".xml")
	if !sheet && low != "xl/sharedstrings.xml" && holdsCells(low) {
		most = u.limits.Part
	}
	scan := partScan{rows: rowScan{on: sheet}}
	buf := make([]byte, 32<<10)
	var size int64
	for {
		n, err := in.Read(buf)
		size += int64(n)
		u.total += int64(n)
		switch {
		case u.total > u.limits.Total:
			return fault(TooLarge, "sheet.error.unpacked", "most", u.limits.Total)
		case size > most:
			return fault(TooLarge, "sheet.error.part_size", "part", shorten(low), "most", most)
		case size > 1<<20 && size > u.limits.Ratio*max(int64(f.CompressedSize64), 1): //nolint:gosec // a size beyond int64 is no size
			return fault(TooLarge, "sheet.error.ratio", "part", shorten(low))
		}
		scan.write(buf[:n])
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fault(Damaged, "sheet.error.damaged").because(err)
		}
	}
	switch {
	case scan.nested(low):
		return fault(Unsafe, "sheet.error.nested", "part", shorten(low))
	case holdsCells(low) && scan.entities():
		return fault(Unsafe, "sheet.error.entities", "part", shorten(low))
	}
	if sheet {
		u.sheets[low] = scan.rows.shape
	}
	return nil
}

// partScan looks at a part while it is unpacked.
type partScan struct {
	head []byte // where a document type may stand
	rows rowScan
}

func (s *partScan) write(b []byte) {
	if room := 64<<10 - len(s.head); room > 0 {
		s.head = append(s.head, b[:min(room, len(b))]...)
	}
	s.rows.write(b)
}

var archiveNames = []string{".zip", ".xlsx", ".xlsm", ".xlsb", ".xls", ".docx", ".docm", ".pptx", ".7z", ".rar", ".gz", ".tar", ".jar", ".exe", ".dll"}

func (s *partScan) nested(low string) bool {
	for _, end := range archiveNames {
		if strings.HasSuffix(low, end) {
			return true
		}
	}
	for _, magic := range []string{"PK\x03\x04", "PK\x05\x06", "Rar!", "7z\xbc\xaf", "\x1f\x8b\x08", "\xfd7zXZ", "MZ\x90", "\x7fELF"} {
		if bytes.HasPrefix(s.head, []byte(magic)) {
			return true
		}
	}
	return false
}

func (s *partScan) entities() bool {
	low := bytes.ToLower(bytes.ReplaceAll(s.head, []byte{0}, nil)) // also in UTF-16
	return bytes.Contains(low, []byte("<!doctype")) || bytes.Contains(low, []byte("<!entity"))
}

// sheetShape is what a sheet holds, as counted from its bytes.
type sheetShape struct {
	last  int  // number of the last row
	ended bool // the rows end as they should
}

// rowScan finds the number of a sheet's last row. The workbook reader takes a broken sheet for one that ends early; this
// tells them apart without parsing the sheet twice.
type rowScan struct {
	on    bool
	tag   []byte
	in    bool
	shape sheetShape
}

const longestTag = 512

func (s *rowScan) write(b []byte) {
	if !s.on {
		return
	}
	for len(b) > 0 {
		if !s.in {
			i := bytes.IndexByte(b, '<')
			if i < 0 {
				return
			}
			s.in, s.tag, b = true, s.tag[:0], b[i+1:]
			continue
		}
		i := bytes.IndexByte(b, '>')
		part := b
		if i >= 0 {
			part = b[:i]
		}
		s.tag = append(s.tag, part[:min(len(part), longestTag-len(s.tag))]...)
		if i < 0 {
			return
		}
		s.in, b = false, b[i+1:]
		s.element(s.tag)
	}
}

func (s *rowScan) element(tag []byte) {
	closing := bytes.HasPrefix(tag, []byte("/"))
	name := bytes.TrimPrefix(tag, []byte("/"))
	if i := bytes.IndexAny(name, " \t\r\n/"); i >= 0 {
		name = name[:i]
	}
	if i := bytes.IndexByte(name, ':'); i >= 0 {
		name = name[i+1:]
	}
	switch {
	case string(name) == "sheetData":
		s.shape.ended = s.shape.ended || closing || bytes.HasSuffix(tag, []byte("/"))
	case string(name) == "row" && !closing && !s.shape.ended:
		s.shape.last++
		if n := rowNumber(tag); n > 0 {
			s.shape.last = n
		}
	}
}

func rowNumber(tag []byte) int {
	for _, attr := range bytes.Fields(tag)[1:] {
		if v, ok := bytes.CutPrefix(attr, []byte("r=")); ok {
			n, err := strconv.Atoi(strings.Trim(string(v), `"'/`))
			if err == nil {
				return n
			}
		}
	}
	return 0
}
