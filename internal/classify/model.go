package classify

import (
	"bytes"
	"cmp"
	"compress/gzip"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

//go:embed data/model.bin
var modelData []byte

func embeddedModel() (*Model, error) { return ReadModel(bytes.NewReader(modelData)) }

// Model is a linear model over features: a score for each code, and one for "about a person". Weights are small numbers
// times a scale, and most are zero and left out. It is never written once made.
type Model struct {
	header
	features []uint32 // sorted
	starts   []uint32 // into the entries, by feature; one more than features
	outputs  []uint8  // of each entry: a code, or the person after all codes
	weights  []int8
	about    []Personal // of each code, as PersonalOf has it
}

// header is what a model says of itself, beside its weights.
type header struct {
	Codes []string `json:"codes"`
	Scale float64  `json:"scale"`
	// Sure maps the probability that the model gives its best code to the share of such that were acceptable on systems
	// that took no part in the training: points of a line that only rises.
	Sure []Point `json:"sure,omitempty"`
	// ImpersonalFrom is the least Impersonality from which a field is said to be about nobody: so high that on systems
	// that took no part in the training hardly any personal field was.
	ImpersonalFrom float64 `json:"impersonal_from"`
}

// Point is one corner of a line.
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// along returns the height of a line at x.
func along(line []Point, x float64) float64 {
	if len(line) == 0 {
		return x
	}
	i, _ := slices.BinarySearchFunc(line, x, func(p Point, x float64) int { return cmp.Compare(p.X, x) })
	switch {
	case i == 0:
		return line[0].Y
	case i == len(line):
		return line[i-1].Y
	}
	a, b := line[i-1], line[i]
	return a.Y + (b.Y-a.Y)*(x-a.X)/(b.X-a.X)
}

// NewModel quantises weights: for each feature one weight per code and one for "about a person". Weights that would be
// rounded to nothing, and features without any weight, are left out.
func NewModel(codes []string, weights map[uint32][]float32) *Model {
	most := 0.0
	for _, list := range weights {
		for _, w := range list {
			most = max(most, math.Abs(float64(w)))
		}
	}
	// Few weights are far out; cutting them off leaves more steps to the many.
	m := &Model{header: header{Codes: codes, Scale: min(most, 4) / 127, ImpersonalFrom: 0.95}, starts: []uint32{0}, about: aboutCodes(codes)}
	hashes := make([]uint32, 0, len(weights))
	for h := range weights {
		hashes = append(hashes, h)
	}
	slices.Sort(hashes)
	for _, h := range hashes {
		before := len(m.weights)
		for output, w := range weights[h] {
			q := int8(max(-127, min(127, math.Round(float64(w)/m.Scale))))
			if q > 1 || q < -1 { // a step of one is hardly more than chance
				m.outputs, m.weights = append(m.outputs, uint8(output)), append(m.weights, q)
			}
		}
		if len(m.weights) > before {
			m.features, m.starts = append(m.features, h), append(m.starts, uint32(len(m.weights)))
		}
	}
	return m
}

// aboutCodes says of each code whether it is about people, once and not for every column.
func aboutCodes(codes []string) []Personal {
	about := make([]Personal, len(codes))
	for i, code := range codes {
		about[i] = PersonalOf(code)
	}
	return about
}

// Calibrated returns the same model with what was learnt of its own errors.
func (m *Model) Calibrated(sure []Point, impersonalFrom float64) *Model {
	other := *m
	other.Sure, other.ImpersonalFrom = sure, impersonalFrom
	return &other
}

func (m *Model) classes() int { return len(m.Codes) }

// score gives each code its probability, before calibration, and returns that of the field being about a person.
func (m *Model) score(features []uint32, codes []float64) (person float64) {
	clear(codes)
	for _, f := range features {
		i, found := slices.BinarySearch(m.features, f)
		if !found {
			continue
		}
		for e := m.starts[i]; e < m.starts[i+1]; e++ {
			w := float64(m.weights[e])
			if o := int(m.outputs[e]); o < len(codes) {
				codes[o] += w
			} else {
				person += w
			}
		}
	}
	most := math.Inf(-1)
	for i := range codes {
		codes[i] *= m.Scale
		most = max(most, codes[i])
	}
	sum := 0.0
	for i := range codes {
		codes[i] = math.Exp(codes[i] - most)
		sum += codes[i]
	}
	for i := range codes {
		codes[i] /= sum
	}
	return 1 / (1 + math.Exp(-person*m.Scale))
}

// persuasion is how far the question whether a field is about a person moves the choice between categories of people and
// of none: 0 not at all, 1 as if both opinions were independent.
const persuasion = 0.5

// agree lets the opinion on persons count in the choice of a category.
func (m *Model) agree(codes []float64, person float64) {
	personal, other := math.Pow(max(person, 0.01), persuasion), math.Pow(max(1-person, 0.01), persuasion)
	sum := 0.0
	for i, about := range m.about {
		switch about {
		case IsPersonal:
			codes[i] *= personal
		case NonPersonal:
			codes[i] *= other
		default:
			codes[i] *= max(personal, other)
		}
		sum += codes[i]
	}
	for i := range codes {
		codes[i] /= sum
	}
}

// weight returns what one statement adds to one code.
func (m *Model) weight(feature uint32, code int) float64 {
	i, found := slices.BinarySearch(m.features, feature)
	if !found {
		return 0
	}
	for e := m.starts[i]; e < m.starts[i+1]; e++ {
		if int(m.outputs[e]) == code {
			return float64(m.weights[e]) * m.Scale
		}
	}
	return 0
}

// format of a stored model; another number is another layout.
const modelFormat = 1

// WriteTo stores a model.
func (m *Model) WriteTo(w io.Writer) (int64, error) {
	var raw bytes.Buffer
	head, err := json.Marshal(m.header)
	if err != nil {
		return 0, err
	}
	for _, part := range []any{
		uint32(modelFormat), uint32(len(head)), head, uint32(len(m.features)), uint32(len(m.weights)), m.deltas(), m.starts, m.outputs, m.weights,
	} {
		if err := binary.Write(&raw, binary.LittleEndian, part); err != nil {
			return 0, err
		}
	}
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return 0, err
	}
	if _, err := z.Write(raw.Bytes()); err != nil {
		return 0, err
	}
	if err := z.Close(); err != nil {
		return 0, err
	}
	return packed.WriteTo(w)
}

// deltas are the steps between sorted features, which pack better than the features.
func (m *Model) deltas() []uint32 {
	list := slices.Clone(m.features)
	for i := len(list) - 1; i > 0; i-- {
		list[i] -= list[i-1]
	}
	return list
}

// ReadModel reads what WriteTo stored.
func ReadModel(r io.Reader) (*Model, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("classify: model: %w", err)
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("classify: model: %w", err)
	}
	m, in := &Model{}, bytes.NewReader(raw)
	var format, size, features, weights uint32
	read := func(parts ...any) {
		for _, p := range parts {
			if err == nil {
				err = binary.Read(in, binary.LittleEndian, p)
			}
		}
	}
	if read(&format, &size); err == nil && (format != modelFormat || int(size) > len(raw)) {
		return nil, errors.New("classify: model: unknown format")
	}
	head := make([]byte, size)
	if read(head, &features, &weights); err == nil && (int(features) > len(raw) || int(weights) > len(raw)) {
		return nil, errors.New("classify: model: cut short")
	}
	m.features, m.starts = make([]uint32, features), make([]uint32, features+1)
	m.outputs, m.weights = make([]uint8, weights), make([]int8, weights)
	if read(m.features, m.starts, m.outputs, m.weights); err != nil {
		return nil, fmt.Errorf("classify: model: %w", err)
	}
	for i := 1; i < len(m.features); i++ {
		m.features[i] += m.features[i-1]
	}
	if err := json.Unmarshal(head, &m.header); err != nil {
		return nil, fmt.Errorf("classify: model: %w", err)
	}
	m.about = aboutCodes(m.Codes)
	return m, nil
}
