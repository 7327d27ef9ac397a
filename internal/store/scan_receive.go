package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// MaxImportFile is the most bytes that an imported file may have: SQL dumps come with their data, which is passed over
// unread. What is read in full has lower limits of its own.
const MaxImportFile = 256 << 20

var errImportFile = errors.New("store: file over the limit")

// ReceiveImport takes in an import of one file, see ReceiveImportFile and StartImport.
func (s *Store) ReceiveImport(ctx context.Context, by domain.Actor, fileName string, plan domain.ImportPlan, file io.Reader, queue bool) (domain.ImportID, error) {
	id, err := s.AddImport(ctx, by, fileName, plan)
	if err != nil {
		return 0, err
	}
	if taken, err := s.ReceiveImportFile(ctx, by, id, 0, fileName, file); err != nil || !taken {
		return id, err
	}
	return id, s.StartImport(ctx, by, id, queue)
}

// ReceiveImportFile takes in the n-th file of an import, from 0, piece by piece, whatever its size. A file over the limit is
// refused when the limit is passed, not when it has come in full: the import says so and takes nothing more, and taken is
// false. Where the file breaks off, the import is forgotten.
func (s *Store) ReceiveImportFile(ctx context.Context, by domain.Actor, id domain.ImportID, n int, name string, file io.Reader) (taken bool, err error) {
	size, sum, err := s.receive(ctx, by, id, n, file)
	switch {
	case errors.Is(err, errImportFile):
		return false, s.FailImport(ctx, by, id, domain.Problem{Key: "sheet.error.file_size", Args: domain.Args("most", MaxImportFile)})
	case err != nil:
		return false, errors.Join(err, s.ForgetImport(context.WithoutCancel(ctx), by, id))
	}
	err = s.Write(ctx, by, func(s *Store) error {
		_, err := s.exec(ctx, "import", `insert into import_file (workspace_id, import_id, n, name, size, sha256)
			values (@ws, @id, @n, @name, @size, @sum)`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "n": n,
			"name": domain.CleanFileName(name), "size": size, "sum": sum})
		return err
	})
	return err == nil, err
}

func (s *Store) receive(ctx context.Context, by domain.Actor, id domain.ImportID, n int, file io.Reader) (size int64, sum []byte, err error) {
	chunk, hash := make([]byte, ImportChunkSize), sha256.New()
	for piece := 0; ; piece++ {
		read, err := fill(file, chunk)
		if size += int64(read); size > MaxImportFile {
			return size, nil, errImportFile
		}
		if read > 0 {
			_, _ = hash.Write(chunk[:read]) // never fails
			if err := s.addImportChunk(ctx, by, id, n, piece, chunk[:read]); err != nil {
				return size, nil, err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return size, hash.Sum(nil), nil
		case err != nil:
			return size, nil, err
		}
	}
}

// fill reads until the buffer is full. Unlike io.ReadFull it tells the end of a file (io.EOF) from one that broke off, which
// readers of uploads call io.ErrUnexpectedEOF.
func fill(r io.Reader, b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var read int
		read, err = r.Read(b[n:])
		n += read
	}
	return n, err
}

// ForgetImport removes an import whose files did not all come in, with what came: nobody has seen it yet. One that is read
// already stays.
func (s *Store) ForgetImport(ctx context.Context, by domain.Actor, id domain.ImportID) error {
	return s.Write(ctx, by, func(s *Store) error {
		_, err := s.exec(ctx, "import", `delete from import where workspace_id = @ws and id = @id and state in ('uploaded', 'failed')`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		return err
	})
}

// addImportChunk keeps a piece of a file. Conflict where the import no longer takes any.
func (s *Store) addImportChunk(ctx context.Context, by domain.Actor, id domain.ImportID, file, n int, chunk []byte) error {
	return s.Write(ctx, by, func(s *Store) error {
		added, err := s.exec(ctx, "import", `insert into import_chunk (workspace_id, import_id, file, n, bytes)
			select @ws, id, @file, @n, @bytes from import where workspace_id = @ws and id = @id and state = 'uploaded'`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "file": file, "n": n, "bytes": chunk})
		if err == nil && added == 0 {
			err = domain.Errorf(domain.Conflict, "import.error.state")
		}
		return err
	})
}

// StartImport says that all files of an import are here, so that they are read: by a job where queue is true, else by the
// caller. From here on the import is named by its files.
func (s *Store) StartImport(ctx context.Context, by domain.Actor, id domain.ImportID, queue bool) error {
	return s.Write(ctx, by, func(s *Store) error {
		files, err := s.importFiles(ctx, by, id)
		if err != nil {
			return err
		}
		var size int64
		var names []string
		hash := sha256.New()
		for _, f := range files {
			size, names = size+f.Size, append(names, f.Name)
			_, _ = hash.Write(f.SHA256) // never fails
		}
		sum := hash.Sum(nil)
		if len(files) == 1 {
			sum = files[0].SHA256
		}
		if err := s.moveImport(ctx, by, id, `state = 'reading', file_name = @name, file_size = @size, file_sha256 = @sum`,
			[]domain.ImportState{domain.ImportUploaded}, pgx.StrictNamedArgs{"name": domain.FilesName(names), "size": size, "sum": sum}); err != nil {
			return err
		}
		return s.queueImport(ctx, by, id, queue)
	})
}

type importFileRow struct {
	N      int    `db:"n"`
	Name   string `db:"name"`
	Size   int64  `db:"size"`
	SHA256 []byte `db:"sha256"`
}

func (s *Store) importFiles(ctx context.Context, by domain.Actor, id domain.ImportID) ([]importFileRow, error) {
	return many[importFileRow](ctx, s, "import", `select n, name, size, sha256 from import_file where workspace_id = @ws and import_id = @id order by n`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
}

// ImportFiles returns the files of an import that is not at its end, in the order in which they came.
func (s *Store) ImportFiles(ctx context.Context, by domain.Actor, id domain.ImportID) (files []domain.ImportFile, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		rows, err := s.importFiles(ctx, by, id)
		files = mapSlice(rows, func(r importFileRow) domain.ImportFile { return domain.ImportFile{Name: r.Name, Size: r.Size} })
		return err
	})
	return files, err
}

// CopyImportFile writes the n-th file of an import to w, piece by piece.
func (s *Store) CopyImportFile(ctx context.Context, by domain.Actor, id domain.ImportID, file int, w io.Writer) (size int64, err error) {
	for n := 0; ; n++ {
		var chunk [][]byte
		err := s.Read(ctx, by, func(s *Store) (err error) {
			chunk, err = many[[]byte](ctx, s, "import", `select bytes from import_chunk
				where workspace_id = @ws and import_id = @id and file = @file and n = @n`,
				pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "file": file, "n": n})
			return err
		})
		if err != nil || len(chunk) == 0 {
			return size, err
		}
		written, err := w.Write(chunk[0])
		size += int64(written)
		if err != nil {
			return size, err
		}
	}
}
