package toots

import "github.com/go-json-experiment/json/jsontext"

// What follows reads the next value of a status. A value of another type than is asked for counts as missing. The errors are
// jsontext's, and quote what was read: they don't leave the package.

// object hands each name of the object that comes next, in quotes, to field, which reads the value.
func (t *Toot) object(field func(t *Toot, name []byte) error) error {
	if t.dec.PeekKind() != '{' {
		return t.skip()
	}
	if _, err := t.dec.ReadToken(); err != nil {
		return err
	}
	for t.dec.PeekKind() != '}' {
		name, err := t.dec.ReadValue()
		if err != nil {
			return err
		}
		if err := field(t, name); err != nil {
			return err
		}
	}
	_, err := t.dec.ReadToken()
	return err
}

// list has element read each object in the list that comes next. What isn't an object is passed over.
func (t *Toot) list(element func(*Toot) error) error {
	if t.dec.PeekKind() != '[' {
		return t.skip()
	}
	if _, err := t.dec.ReadToken(); err != nil {
		return err
	}
	for {
		read := (*Toot).skip
		switch t.dec.PeekKind() {
		case ']':
			_, err := t.dec.ReadToken()
			return err
		case '{':
			read = element
		}
		if err := read(t); err != nil {
			return err
		}
	}
}

// text reads a string into dst, over what is there. Anything else gives an empty one.
func (t *Toot) text(dst []byte) ([]byte, error) {
	dst = wipe(dst)
	v, err := t.dec.ReadValue()
	if err != nil || v.Kind() != '"' {
		return dst, err
	}
	dst, _ = jsontext.AppendUnquote(dst, v) // what isn't UTF-8 has become U+FFFD
	if len(dst) > maxText {
		wipe(dst[maxText:])
		dst = dst[:maxText]
	}
	return dst, nil
}

// present says whether there is something: an object or a list that isn't empty, true, a string that isn't empty, a number but 0.
func (t *Toot) present() (bool, error) {
	v, err := t.dec.ReadValue()
	if err != nil {
		return false, err
	}
	switch v.Kind() {
	case '{', 't':
		return true, nil
	case '"', '[':
		return len(v) > len(`""`), nil
	case '0':
		return string(v) != "0", nil
	}
	return false, nil
}

// is says whether the literal is the one that comes next.
func (t *Toot) is(literal jsontext.Kind) (bool, error) {
	v, err := t.dec.ReadValue()
	return err == nil && v.Kind() == literal, err
}

func (t *Toot) skip() error { return t.dec.SkipValue() }
