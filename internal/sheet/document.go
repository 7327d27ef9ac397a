package sheet

import (
	"archive/zip"
	"encoding/xml"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Document is a text of headings, paragraphs and tables, written as DOCX (ECMA-376, WordprocessingML): what offices open, sign
// and file.
type Document struct {
	Title string
	Lang  string // fr or en
	body  strings.Builder
}

// Heading adds a heading: level 0 is the title of the document, 1 and 2 are its parts.
func (d *Document) Heading(level int, text string) {
	style := "Title"
	if level > 0 {
		style = "Heading" + strconv.Itoa(level)
	}
	d.paragraph(style, text)
}

// Text adds a paragraph.
func (d *Document) Text(text string) { d.paragraph("", text) }

func (d *Document) paragraph(style, text string) {
	d.body.WriteString("<w:p>")
	if style != "" {
		d.body.WriteString(`<w:pPr><w:pStyle w:val="` + style + `"/></w:pPr>`)
	}
	d.run(text, false)
	d.body.WriteString("</w:p>")
}

func (d *Document) run(text string, bold bool) {
	d.body.WriteString("<w:r>")
	if bold {
		d.body.WriteString("<w:rPr><w:b/></w:rPr>")
	}
	for i, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		if i > 0 {
			d.body.WriteString("<w:br/>")
		}
		d.body.WriteString(`<w:t xml:space="preserve">`)
		_ = xml.EscapeText(&d.body, []byte(line)) // a strings.Builder takes everything
		d.body.WriteString("</w:t>")
	}
	d.body.WriteString("</w:r>")
}

// tableWidth is what fits between the margins of a page, in twentieths of a point.
const tableWidth = 16838 - 2*1134

// Table adds a table whose first row is its head, repeated on every page. Widths are the shares of its columns, in any unit; without
// them all are as wide.
func (d *Document) Table(rows [][]string, widths ...int) {
	d.body.WriteString(`<w:tbl><w:tblPr><w:tblStyle w:val="Grid"/><w:tblW w:w="5000" w:type="pct"/><w:tblLayout w:type="fixed"/><w:tblLook w:firstRow="1"/></w:tblPr><w:tblGrid>`)
	if len(widths) == 0 {
		widths = slices.Repeat([]int{1}, len(rows[0]))
	}
	all := 0
	for _, w := range widths {
		all += w
	}
	for _, w := range widths {
		d.body.WriteString(`<w:gridCol w:w="` + strconv.Itoa(tableWidth*w/all) + `"/>`)
	}
	d.body.WriteString(`</w:tblGrid>`)
	for i, row := range rows {
		d.body.WriteString("<w:tr><w:trPr><w:cantSplit/>")
		if i == 0 {
			d.body.WriteString("<w:tblHeader/>")
		}
		d.body.WriteString("</w:trPr>")
		for _, cell := range row {
			d.body.WriteString("<w:tc><w:p>")
			d.run(cell, i == 0)
			d.body.WriteString("</w:p></w:tc>")
		}
		d.body.WriteString("</w:tr>")
	}
	d.body.WriteString("</w:tbl><w:p/>")
}

const (
	xmlHead = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	wordNS  = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"`

	documentTypes = xmlHead + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/><Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/><Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>`

	documentRels = xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>`

	documentOwnRels = xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>`
)

// documentStyles makes headings that offices list as an outline, and tables with lines.
func documentStyles(lang string) string {
	tag := map[string]string{"fr": "fr-FR", "en": "en-GB"}[lang]
	heading := func(id, name string, level, size int) string {
		return `<w:style w:type="paragraph" w:styleId="` + id + `"><w:name w:val="` + name + `"/><w:basedOn w:val="Normal"/><w:next w:val="Normal"/><w:pPr><w:keepNext/><w:spacing w:before="240" w:after="80"/><w:outlineLvl w:val="` +
			strconv.Itoa(level) + `"/></w:pPr><w:rPr><w:b/><w:sz w:val="` + strconv.Itoa(size) + `"/></w:rPr></w:style>`
	}
	border := func(side string) string { return `<w:` + side + ` w:val="single" w:sz="4" w:color="9AA5B4"/>` }
	return xmlHead + `<w:styles ` + wordNS + `><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Calibri" w:hAnsi="Calibri"/><w:sz w:val="21"/><w:lang w:val="` + tag + `"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after="80"/></w:pPr></w:pPrDefault></w:docDefaults><w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>` +
		heading("Title", "Title", 0, 40) + heading("Heading1", "heading 1", 0, 28) + heading("Heading2", "heading 2", 1, 24) +
		`<w:style w:type="table" w:styleId="Grid"><w:name w:val="Table Grid"/><w:tblPr><w:tblBorders>` + border("top") + border("left") + border("bottom") + border("right") + border("insideH") + border("insideV") +
		`</w:tblBorders><w:tblCellMar><w:left w:w="80" w:type="dxa"/><w:right w:w="80" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style></w:styles>`
}

// WriteDocument writes a document as DOCX. The same document is the same file, byte for byte.
func WriteDocument(w io.Writer, d Document) error {
	var title strings.Builder
	_ = xml.EscapeText(&title, []byte(d.Title)) // a strings.Builder takes everything
	z := zip.NewWriter(w)
	for _, part := range []struct{ name, text string }{
		{"[Content_Types].xml", documentTypes},
		{"_rels/.rels", documentRels},
		{"docProps/core.xml", xmlHead + `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>` + title.String() + `</dc:title></cp:coreProperties>`},
		{"word/_rels/document.xml.rels", documentOwnRels},
		{"word/styles.xml", documentStyles(d.Lang)},
		{"word/document.xml", xmlHead + `<w:document ` + wordNS + `><w:body>` + d.body.String() +
			`<w:sectPr><w:pgSz w:w="16838" w:h="11906" w:orient="landscape"/><w:pgMar w:top="1134" w:right="1134" w:bottom="1134" w:left="1134"/></w:sectPr></w:body></w:document>`},
	} {
		f, err := z.CreateHeader(&zip.FileHeader{Name: part.name, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)})
		if err != nil {
			return err
		}
		if _, err := io.WriteString(f, part.text); err != nil {
			return err
		}
	}
	return z.Close()
}
