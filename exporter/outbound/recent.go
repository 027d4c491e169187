package outbound

// recent is a map of bounded size that forgets what was not used for long: two generations of at most half the bound
// each; when the newer one is full, the older one is dropped.
type recent[V any] struct {
	half           int
	current, older map[string]V
}

func newRecent[V any](bound int) *recent[V] {
	return &recent[V]{half: bound / 2, current: make(map[string]V)}
}

func (r *recent[V]) get(key string) (V, bool) {
	if v, ok := r.current[key]; ok {
		return v, true
	}
	v, ok := r.older[key]
	if ok {
		r.put(key, v)
	}
	return v, ok
}

func (r *recent[V]) put(key string, v V) {
	if _, ok := r.current[key]; !ok && len(r.current) >= r.half {
		r.older, r.current = r.current, make(map[string]V)
	}
	r.current[key] = v
}
