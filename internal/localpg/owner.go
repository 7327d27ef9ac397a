package localpg

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// owner is the user that postgres runs as. It is this process's own, except under root, which PostgreSQL refuses.
type owner struct {
	uid, gid int
	demoted  bool // this process is root and postgres must not be
}

// ownerOf chooses the user for a data folder: whoever owns it already, else the system's postgres or nobody.
func ownerOf(data string) (owner, error) {
	self := owner{uid: os.Geteuid(), gid: os.Getegid()}
	info, err := os.Stat(data)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return owner{}, fmt.Errorf("private PostgreSQL: %w", err)
	}
	if err == nil {
		st, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return owner{}, fmt.Errorf("private PostgreSQL: the system does not tell who owns %s", data)
		}
		uid, gid := int(st.Uid), int(st.Gid)
		switch {
		case self.uid != 0 && uid != self.uid:
			return owner{}, fmt.Errorf("private PostgreSQL: %s belongs to user %s and this program runs as user %s: run it as the former",
				data, userName(uid), userName(self.uid))
		case self.uid == 0 && uid != 0:
			return owner{uid: uid, gid: gid, demoted: true}, nil
		}
	}
	if self.uid != 0 {
		return self, nil
	}
	return unprivileged(), nil
}

func unprivileged() owner {
	const overflow = 65534 // what every system maps strangers to, also where no user database exists
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errU := strconv.Atoi(u.Uid)
		gid, errG := strconv.Atoi(u.Gid)
		if errU == nil && errG == nil && uid > 0 {
			return owner{uid: uid, gid: gid, demoted: true}
		}
	}
	return owner{uid: overflow, gid: overflow, demoted: true}
}

func userName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return strconv.Itoa(uid)
}

// attributes start a child as this user.
func (o owner) attributes() *syscall.SysProcAttr {
	if !o.demoted {
		return &syscall.SysProcAttr{}
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(o.uid), Gid: uint32(o.gid)}} //nolint:gosec // read from the system as such
}

// mkdir makes a private folder of this user.
func (o owner) mkdir(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("private PostgreSQL: %w", err)
	}
	if o.demoted {
		if err := os.Lchown(dir, o.uid, o.gid); err != nil {
			return fmt.Errorf("private PostgreSQL: %w", err)
		}
	}
	return os.Chmod(dir, 0o700)
}

// letPass lets other users through a folder of root's, where postgres runs as one of them. They still cannot look.
func letPass(dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("private PostgreSQL: %w", err)
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || st.Uid != 0 {
		return nil
	}
	return os.Chmod(dir, info.Mode().Perm()|0o011)
}

// mayEnter refuses a folder that a demoted user cannot reach. Only the permission bits are looked at.
func (o owner) mayEnter(dir string) error {
	if !o.demoted {
		return nil
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return fmt.Errorf("private PostgreSQL: %w", err)
	}
	for path := real; ; path = filepath.Dir(path) {
		info, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("private PostgreSQL: %w", err)
		}
		if !o.maySearch(info) {
			return fmt.Errorf("private PostgreSQL: under root it runs as user %s, who may not enter %s (mode %v): choose a folder outside of it, such as one in /var/lib, or run this program as an ordinary user",
				userName(o.uid), path, info.Mode().Perm())
		}
		if path == filepath.Dir(path) {
			return nil
		}
	}
}

func (o owner) maySearch(info os.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return true
	}
	mode := info.Mode().Perm()
	switch {
	case int(st.Uid) == o.uid:
		return mode&0o100 != 0
	case int(st.Gid) == o.gid:
		return mode&0o010 != 0
	}
	return mode&0o001 != 0
}
