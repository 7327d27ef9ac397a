package sheet

import (
	"regexp"
	"strings"

	"github.com/xuri/excelize/v2"
)

// How cells are written that a workbook shows rounded, or in the order of days and months of some country: as they are.
const (
	dayCode     = "yyyy-mm-dd"
	momentCode  = "yyyy-mm-dd hh:mm:ss"
	percentCode = "0.##########%"
)

// builtInCodes are the formats that a workbook names by their number alone (ECMA-376, part 1, 18.8.30), as far as they matter.
var builtInCodes = map[int]string{1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 14: "m/d/yy", 15: "d-mmm-yy",
	16: "d-mmm", 17: "mmm-yy", 22: "m/d/yy h:mm", 37: "#,##0", 38: "#,##0", 39: "#,##0.00", 40: "#,##0.00", 48: "##0.0E+0"}

var (
	// codeAside is what of a format is no place of a value: quoted and escaped text, room, fill, colours, languages and currencies.
	codeAside = regexp.MustCompile(`"[^"]*"|\\.|_.|\*.|\[[^\]]*\]`)
	codeText  = regexp.MustCompile(`"[^"]*\pL[^"]*"|\\\pL`)
	plainCode = regexp.MustCompile(`^[#0?.,\s()+\-€$£Ee]*$`)
	padded    = regexp.MustCompile(`^[^.#]*0{2,}`) // 00042 is a code, not a number
	inUnits   = regexp.MustCompile(`[#0?],+(?:[^#0?,]|$)`)
)

// exactCode is how a cell of a format is read: general where the number itself says all, and the format itself where what it
// shows is what people mean: a text, a time, a code with its zeros, a number of thousands.
func exactCode(code string) string {
	code, _, _ = strings.Cut(code, ";")
	bare := strings.ToLower(codeAside.ReplaceAllString(code, ""))
	switch {
	case bare == "" || bare == "general" || bare == "@" || bare == "standard":
		return code
	case strings.ContainsAny(bare, "yd"):
		if strings.ContainsAny(bare, "hs") {
			return momentCode
		}
		return dayCode
	case strings.Contains(bare, "%") && strings.ContainsAny(bare, "0#?"):
		return percentCode
	case plainCode.MatchString(bare) && !codeText.MatchString(code) && !padded.MatchString(bare) && !inUnits.MatchString(bare):
		return "General"
	}
	return code
}

// unrounded makes the cells of a workbook readable as what they hold.
func unrounded(book *excelize.File) error {
	styles := book.Styles
	if styles == nil || styles.CellXfs == nil {
		return nil
	}
	codes := map[int]string{}
	if styles.NumFmts != nil {
		for _, f := range styles.NumFmts.NumFmt {
			if f != nil {
				codes[f.NumFmtID] = f.FormatCode
			}
		}
	}
	ids := map[string]int{"General": 0}
	for i := range len(styles.CellXfs.Xf) {
		id := styles.CellXfs.Xf[i].NumFmtID
		if id == nil {
			continue
		}
		code, own := codes[*id]
		if !own {
			code = builtInCodes[*id]
		}
		to := exactCode(code)
		if to != "General" && to != dayCode && to != momentCode && to != percentCode {
			continue
		}
		if _, made := ids[to]; !made {
			style, err := book.NewStyle(&excelize.Style{CustomNumFmt: &to})
			if err != nil {
				return err
			}
			ids[to] = *styles.CellXfs.Xf[style].NumFmtID
		}
		n := ids[to]
		styles.CellXfs.Xf[i].NumFmtID = &n
	}
	return nil
}
