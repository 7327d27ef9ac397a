package export

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	_ "embed" // the explanations
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"utile/internal/domain"
	"utile/internal/store"
)

//go:embed evidence/README.en.txt
var readmeEnglish string

//go:embed evidence/README.fr.txt
var readmeFrench string

// evidenceFile is one file of an evidence pack.
type evidenceFile struct {
	name  string
	write func(ctx context.Context, st *store.Store, by domain.Actor, out io.Writer) error
}

// evidenceFiles are the files of an evidence pack in their order. What the product comes to prove later adds its line.
func evidenceFiles() []evidenceFile {
	files := []evidenceFile{{"README.en.txt", textFile(readmeEnglish)}, {"README.fr.txt", textFile(readmeFrench)}}
	for _, r := range store.Registers() {
		files = append(files, evidenceFile{"registers/" + r.Name + ".csv", registerFile(r, "csv", nil)},
			evidenceFile{"registers/" + r.Name + ".json", registerFile(r, "json", nil)})
	}
	return append(files,
		evidenceFile{"record/record.json", recordEvidence("json")},
		evidenceFile{"record/record.jsonld", recordEvidence("jsonld")},
		evidenceFile{"approvals.csv", approvals},
		evidenceFile{"notices.jsonl", func(ctx context.Context, st *store.Store, by domain.Actor, out io.Writer) error {
			return st.EachNotice(ctx, by, writeLine(out))
		}},
		evidenceFile{"history/seals.jsonl", func(ctx context.Context, st *store.Store, by domain.Actor, out io.Writer) error {
			return st.EachSeal(ctx, by, writeLine(out))
		}},
		evidenceFile{"history/events.jsonl", func(ctx context.Context, st *store.Store, by domain.Actor, out io.Writer) error {
			return st.EachSealedEvent(ctx, by, writeLine(out))
		}},
	)
}

// recordEvidence is the record of processing in a format that needs no words.
func recordEvidence(format string) func(context.Context, *store.Store, domain.Actor, io.Writer) error {
	return func(ctx context.Context, st *store.Store, by domain.Actor, out io.Writer) error {
		record, err := st.Record(ctx, by)
		if err != nil {
			return err
		}
		return Record(out, record, format, RecordWords{})
	}
}

func textFile(text string) func(context.Context, *store.Store, domain.Actor, io.Writer) error {
	return func(_ context.Context, _ *store.Store, _ domain.Actor, out io.Writer) error {
		_, err := io.WriteString(out, text)
		return err
	}
}

func registerFile(r domain.Register, format string, filters map[string][]string) func(context.Context, *store.Store, domain.Actor, io.Writer) error {
	return func(ctx context.Context, st *store.Store, by domain.Actor, out io.Writer) error {
		w, err := NewWriter(out, format, "", r.Name)
		if err != nil {
			return err
		}
		return Register(ctx, st, by, r, domain.ListQuery{Filters: filters}, nil, w, Words{})
	}
}

// approvals are the mappings that a DPO has answered, and how.
func approvals(ctx context.Context, st *store.Store, by domain.Actor, out io.Writer) error {
	for _, r := range store.Registers() {
		if r.Name == "mappings" {
			return registerFile(r, "csv", map[string][]string{"state": {string(domain.MappingApproved), string(domain.MappingRejected)}})(ctx, st, by, out)
		}
	}
	return errors.New("there is no register of mappings")
}

func writeLine(out io.Writer) func(string) error {
	return func(line string) error {
		_, err := io.WriteString(out, line+"\n")
		return err
	}
}

// pack says what an evidence pack shows.
type pack struct {
	Format    string          `json:"format"`
	Version   int             `json:"version"`
	Workspace string          `json:"workspace"`
	Shows     time.Time       `json:"shows"` // moment of the registers
	Made      time.Time       `json:"made"`
	Head      domain.SealHead `json:"head"`
}

// Evidence writes an evidence pack: a ZIP with every register, the approvals, the history with its seals, and a manifest
// that sha256sum checks. All of it is of one moment: now, or the one that the actor looks at, and then the chain ends there.
// It is written as it is read, so that a long history needs no memory.
func Evidence(ctx context.Context, st *store.Store, by domain.Actor, slug string, now time.Time, w io.Writer) error {
	return st.Read(ctx, by, func(st *store.Store) error {
		z := zip.NewWriter(w)
		manifest := ""
		add := func(name string, write func(io.Writer) error) error {
			out, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: now.UTC()})
			if err != nil {
				return err
			}
			sum := sha256.New()
			if err := write(io.MultiWriter(out, sum)); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			manifest += hex.EncodeToString(sum.Sum(nil)) + "  " + name + "\n"
			return nil
		}
		for _, f := range evidenceFiles() {
			if err := add(f.name, func(out io.Writer) error { return f.write(ctx, st, by, out) }); err != nil {
				return err
			}
		}
		about, err := packOf(ctx, st, by, slug, now)
		if err != nil {
			return err
		}
		if err := add("pack.json", func(out io.Writer) error { _, err := out.Write(about); return err }); err != nil {
			return err
		}
		out, err := z.CreateHeader(&zip.FileHeader{Name: "SHA256SUMS", Method: zip.Deflate, Modified: now.UTC()})
		if err != nil {
			return err
		}
		_, err = io.WriteString(out, manifest)
		return errors.Join(err, z.Close())
	})
}

func packOf(ctx context.Context, st *store.Store, by domain.Actor, slug string, now time.Time) ([]byte, error) {
	head, err := st.SealHead(ctx, by)
	if err != nil {
		return nil, err
	}
	head.Workspace = slug
	shows := now
	if !by.AsOf.IsZero() {
		shows = by.AsOf
	}
	text, err := json.MarshalIndent(pack{Format: "utile-evidence", Version: 1, Workspace: slug, Shows: shows.UTC(), Made: now.UTC(), Head: head}, "", "  ")
	return append(text, '\n'), err
}

// EvidenceName is the name under which an evidence pack is saved.
func EvidenceName(slug, day string) string { return slug + "-evidence-" + day + ".zip" }
