package domain

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// MicroTime is how the history writes a moment: UTC, with microseconds, as PostgreSQL keeps them.
const MicroTime = "2006-01-02T15:04:05.000000Z"

// NoSeal is what the first seal of a chain holds in the place of a digest.
const NoSeal = "0000000000000000000000000000000000000000000000000000000000000000"

// SealSlack is by how much the time of an event may lie outside its transaction: clocks are put right now and then.
const SealSlack = 5 * time.Second

// LineDigest is the SHA-256, in hexadecimal, of a line of the history with the line feed that ends it.
func LineDigest(line string) string {
	sum := sha256.Sum256([]byte(line + "\n"))
	return hex.EncodeToString(sum[:])
}

// SealedEvent is an event as its seal hashes it: the columns of its row, values before and after as PostgreSQL writes them.
type SealedEvent struct {
	ID, Workspace int64
	At            time.Time
	Actor         *int64
	ActorName     string
	Verb          string
	SubjectKind   string
	Subject       int64
	SubjectName   string
	Before, After *string
	Reason        string
	Batch         *int64
}

// Line is the text of the event that is hashed, without the line feed that ends it. docs/history.md describes it; the
// function event_line of the database writes the same.
func (e SealedEvent) Line() string {
	b := make([]byte, 0, 512)
	b = append(b, `{"id":`...)
	b = strconv.AppendInt(b, e.ID, 10)
	b = append(b, `,"workspace":`...)
	b = strconv.AppendInt(b, e.Workspace, 10)
	b = append(b, `,"at":"`...)
	b = e.At.UTC().AppendFormat(b, MicroTime)
	b = append(b, `","actor":`...)
	b = appendNumber(b, e.Actor)
	b = append(b, `,"actor_name":`...)
	b = appendQuoted(b, e.ActorName)
	b = append(b, `,"verb":`...)
	b = appendQuoted(b, e.Verb)
	b = append(b, `,"subject_kind":`...)
	b = appendQuoted(b, e.SubjectKind)
	b = append(b, `,"subject":`...)
	b = strconv.AppendInt(b, e.Subject, 10)
	b = append(b, `,"subject_name":`...)
	b = appendQuoted(b, e.SubjectName)
	b = append(b, `,"before":`...)
	b = appendObject(b, e.Before)
	b = append(b, `,"after":`...)
	b = appendObject(b, e.After)
	b = append(b, `,"reason":`...)
	b = appendQuoted(b, e.Reason)
	b = append(b, `,"batch":`...)
	b = appendNumber(b, e.Batch)
	return string(append(b, '}'))
}

func appendNumber(b []byte, n *int64) []byte {
	if n == nil {
		return append(b, "null"...)
	}
	return strconv.AppendInt(b, *n, 10)
}

func appendObject(b []byte, text *string) []byte {
	if text == nil {
		return append(b, "null"...)
	}
	return append(b, *text...)
}

// appendQuoted quotes a text as JSON does with the fewest escapes: the quote, the backslash and control characters only.
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\b':
			b = append(b, `\b`...)
		case '\f':
			b = append(b, `\f`...)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		case '\t':
			b = append(b, `\t`...)
		default:
			if c < ' ' {
				b = fmt.Appendf(b, `\u%04x`, c)
			} else {
				b = append(b, c)
			}
		}
	}
	return append(b, '"')
}

// Seal closes the events of one transaction and follows the seal before. Its text is what the next seal hashes.
type Seal struct {
	Number   int64      `json:"seal"`
	Previous string     `json:"previous"` // digest of the seal before, NoSeal in the first
	Began    string     `json:"began"`    // when the transaction began, as MicroTime
	At       string     `json:"at"`       // when it was sealed, as MicroTime
	Events   [][2]int64 `json:"events"`   // ids, from first to last, both included
	Count    int        `json:"count"`    // events
	Content  string     `json:"content"`  // SHA-256 of the lines of its events, each ended by a line feed
}

// ParseSeal reads the text of a seal; false for a text that Seal.Line would not write.
func ParseSeal(line string) (s Seal, ok bool) {
	if json.Unmarshal([]byte(line), &s) != nil || s.Line() != line {
		return Seal{}, false
	}
	n := int64(0)
	for _, r := range s.Events {
		if r[1] < r[0] || r[1]-r[0] >= SealLimit {
			return Seal{}, false
		}
		n += r[1] - r[0] + 1
	}
	return s, n == int64(s.Count)
}

// SealLimit is the most events that a seal holds.
const SealLimit = 10_000

// Line is the text of the seal, without the line feed that ends it.
func (s Seal) Line() string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"seal":%d,"previous":%q,"began":%q,"at":%q,"events":[`, s.Number, s.Previous, s.Began, s.At)
	for i, r := range s.Events {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "[%d,%d]", r[0], r[1])
	}
	fmt.Fprintf(&b, `],"count":%d,"content":%q}`, s.Count, s.Content)
	return b.String()
}

// SealHead names the end of a chain: the number of its last seal and the digest of its text. Kept outside of Utile, it proves
// later that the history until then is still the same.
type SealHead struct {
	Workspace string    `json:"workspace"` // slug
	Number    int64     `json:"seal"`      // zero for a workspace without a history
	Digest    string    `json:"digest"`    // NoSeal for a workspace without a history
	At        time.Time `json:"at"`        // when it was sealed
}

var digestPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Valid tells whether a head that was kept can be compared at all.
func (h SealHead) Valid() bool {
	return h.Number >= 0 && digestPattern.MatchString(h.Digest) && (h.Number > 0 || h.Digest == NoSeal)
}

// ParseSealHead reads a head that was kept; Invalid for anything else.
func ParseSealHead(text []byte) (*SealHead, error) {
	var h SealHead
	if json.Unmarshal(text, &h) != nil || !h.Valid() {
		return nil, Errorf(Invalid, "proof.anchor.unreadable")
	}
	return &h, nil
}

// ChainProblem says what is wrong with one seal or event.
type ChainProblem struct {
	Kind  ChainProblemKind
	Seal  int64 // zero where no seal is concerned
	Event int64 // zero where no single event is
}

// ChainProblemKind is a way in which a history can fail to prove itself.
type ChainProblemKind string

// What the check of a chain finds.
const (
	EventAltered   ChainProblemKind = "event_altered"   // its text is not the one that was sealed
	EventMissing   ChainProblemKind = "event_missing"   // it was sealed and is gone
	EventUnsealed  ChainProblemKind = "event_unsealed"  // no seal holds it: it was slipped in
	EventMisdated  ChainProblemKind = "event_misdated"  // its time lies outside the transaction that wrote it
	EventDiffers   ChainProblemKind = "event_differs"   // it says something else than the text brought along with it
	SealUnreadable ChainProblemKind = "seal_unreadable" // its text is none that a seal can have
	SealMissing    ChainProblemKind = "seal_missing"    // its number is skipped
	SealBroken     ChainProblemKind = "seal_broken"     // it does not follow the seal before as that one stands today
	SealContent    ChainProblemKind = "seal_content"    // its events are not those that it hashed, and their hashes were changed with them
	SealHashes     ChainProblemKind = "seal_hashes"     // its list of hashes was changed, its events not
	AnchorBehind   ChainProblemKind = "anchor_behind"   // the chain ends before the head that was kept
	AnchorDiffers  ChainProblemKind = "anchor_differs"  // the seal of that number is another one today
)

// ChainReport is the outcome of a check.
type ChainReport struct {
	Seals, Events int64 // events of the workspace, those that came along once
	Head          SealHead
	Problems      []ChainProblem // the first ones, in the order of the chain
	Found         int64          // problems in all
	Anchor        *SealHead      // the head that was compared; nil where none was
}

// MaxChainProblems is how many problems a report names.
const MaxChainProblems = 200

// Sound tells whether nothing was found.
func (r ChainReport) Sound() bool { return r.Found == 0 }

// Add notes a problem.
func (r *ChainReport) Add(p ChainProblem) {
	if r.Found++; len(r.Problems) < MaxChainProblems {
		r.Problems = append(r.Problems, p)
	}
}
