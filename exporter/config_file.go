package exporter

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/mnm-social/mnm/exporter/country"
	"github.com/mnm-social/mnm/exporter/directory"
)

// secretLimit is in bytes, of a file with one token.
const secretLimit = 1024

// file is a path of a file, from the folder of the configuration. check says why it is of no use.
func fileValue(kind, allowed string, field func(*Config) *string, check func(name string) error) configValue {
	return configValue{
		kind: kind, allowed: allowed,
		read: func(r *configReader, path string, n yamlNode) {
			if n.Kind != yaml.ScalarNode {
				r.problem(n, "%s: this is %s; write %s", path, shape(n), allowed)
				return
			}
			name := n.Value
			if name == "" {
				return
			}
			if !filepath.IsAbs(name) {
				name = filepath.Join(r.folder, name)
			}
			if err := check(name); err != nil {
				r.problem(n, "%s: %w; write %s", path, err, allowed)
				return
			}
			*field(&r.config) = name
		},
		show: func(c *Config) string { return quoted(*field(c)) },
	}
}

// secret is a file with a token. That it is there and can be used is checked when the configuration is loaded, so that
// --config.check and a reload find it out and not the first request an hour later; what is in it is read anew for every
// use, so that it may be changed without a reload.
func secretValue(field func(*Config) *string) configValue {
	return fileValue("file with a secret", "the path of a file that holds a token and nothing else, from the folder of this file", field, func(name string) error {
		if err := present(name); err != nil {
			return err
		}
		_, err := readSecret(name)
		return err
	})
}

// present says that there is no file of a name, without the name: by mistake it may be the secret itself.
func present(name string) error {
	_, err := os.Stat(name)
	var why *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no such file in %q", filepath.Dir(name))
	case errors.As(err, &why):
		return fmt.Errorf("looking for it in %q: %w", filepath.Dir(name), why.Err)
	}
	return err
}

func domainsFileValue(field func(*Config) *string) configValue {
	return fileValue("file", "the path of a file with a domain name on each line, from the folder of this file", field, func(name string) error {
		if err := regular(name); err != nil {
			return err
		}
		_, err := (&directory.File{Path: name}).Read()
		return err
	})
}

func mmdbValue(field func(*Config) *string) configValue {
	return fileValue("file", "the path of a database of countries by address in MMDB format, from the folder of this file", field, func(name string) error {
		if err := regular(name); err != nil {
			return err
		}
		_, err := country.OpenFile(name)
		return err
	})
}

// checkCountryAPI says why a URL is none of a service of countries that can be asked.
func checkCountryAPI(s string) error {
	if s == "" {
		return nil
	}
	_, err := country.NewAPI(s, nil, nil)
	if err == nil && !strings.HasPrefix(s, "https://") {
		err = errors.New("it must begin with https://")
	}
	return err
}

// readSecret returns the token in a file, without the white space around it; no file, no token. Its errors never say what
// is in the file.
func readSecret(name string) (string, error) {
	if name == "" {
		return "", nil
	}
	if err := regular(name); err != nil {
		return "", err
	}
	f, err := os.Open(name)
	if err != nil {
		return "", fmt.Errorf("reading a secret: %w", err)
	}
	defer func() { _ = f.Close() }() // only read from
	b, err := io.ReadAll(io.LimitReader(f, secretLimit+1))
	if err != nil {
		return "", fmt.Errorf("reading a secret: %w", err)
	}
	token := strings.TrimSpace(string(b))
	switch {
	case len(b) > secretLimit:
		return "", fmt.Errorf("the file %q has more than %d bytes", name, secretLimit)
	case token == "":
		return "", fmt.Errorf("the file %q is empty", name)
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", fmt.Errorf("the file %q has more than one line, spaces, or characters that no token has", name)
	}
	return token, nil
}

// regular says why a name is not one of a file that can be read without waiting for its other end.
func regular(name string) error {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no file %q", name)
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%q is no regular file", name)
	}
	return nil
}
