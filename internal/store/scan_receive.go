package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"

	"utile/internal/domain"
)

// MaxImportFile is the most bytes that an imported file may have.
const MaxImportFile = 100 << 20

var errImportFile = errors.New("store: file over the limit")

// ReceiveImport takes in a file piece by piece, whatever its size, and opens an import for it. A file over the limit is
// refused when the limit is passed, not when it has come in full: the import says so, and nothing of the file is kept.
// Queue has a job read it; else the caller goes on.
func (s *Store) ReceiveImport(ctx context.Context, by domain.Actor, fileName string, plan domain.ImportPlan, file io.Reader, queue bool) (domain.ImportID, error) {
	id, err := s.AddImport(ctx, by, fileName, plan)
	if err != nil {
		return 0, err
	}
	size, sum, err := s.receive(ctx, by, id, file)
	switch {
	case errors.Is(err, errImportFile):
		return id, s.FailImport(ctx, by, id, domain.Problem{Key: "sheet.error.file_size", Args: domain.Args("most", MaxImportFile)})
	case err != nil:
		return id, errors.Join(err, s.CancelImport(context.WithoutCancel(ctx), by, id))
	}
	return id, s.StartImport(ctx, by, id, size, sum, queue)
}

func (s *Store) receive(ctx context.Context, by domain.Actor, id domain.ImportID, file io.Reader) (size int64, sum []byte, err error) {
	chunk, hash := make([]byte, ImportChunkSize), sha256.New()
	for n := 0; ; n++ {
		read, err := io.ReadFull(file, chunk)
		if size += int64(read); size > MaxImportFile {
			return size, nil, errImportFile
		}
		if read > 0 {
			_, _ = hash.Write(chunk[:read]) // never fails
			if err := s.AddImportChunk(ctx, by, id, n, chunk[:read]); err != nil {
				return size, nil, err
			}
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return size, hash.Sum(nil), nil
		case err != nil:
			return size, nil, err
		}
	}
}
