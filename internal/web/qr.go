package web

import (
	"strconv"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// qrCode is a QR code as one path of an SVG: squares of one unit on a field of size units.
type qrCode struct {
	size int
	path string
}

// newQR draws a text. It is empty for one that no QR code can hold.
func newQR(text string) qrCode {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return qrCode{}
	}
	size := code.Bounds().Dx()
	var b strings.Builder
	for y := range size {
		for x := 0; x < size; x++ {
			run := 0
			for x+run < size && dark(code.At(x+run, y).RGBA()) {
				run++
			}
			if run > 0 {
				b.WriteString("M" + strconv.Itoa(x) + " " + strconv.Itoa(y) + "h" + strconv.Itoa(run) + "v1h-" + strconv.Itoa(run) + "z")
				x += run
			}
		}
	}
	return qrCode{size, b.String()}
}

func dark(r, _, _, _ uint32) bool { return r < 0x8000 }

// viewBox leaves the quiet zone of four units that readers ask for (ISO/IEC 18004).
func (q qrCode) viewBox() string {
	return "-4 -4 " + strconv.Itoa(q.size+8) + " " + strconv.Itoa(q.size+8)
}
