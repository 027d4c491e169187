package instance

// Policy is who may register.
type Policy uint8

// The policies.
const (
	PolicyUnknown  Policy = iota
	PolicyOpen            // everybody
	PolicyApproval        // everybody, but somebody must approve
	PolicyClosed          // nobody, or by invitation
)

// Policies are all policies, PolicyUnknown last.
func Policies() []Policy {
	return []Policy{PolicyOpen, PolicyApproval, PolicyClosed, PolicyUnknown}
}

// String is the policy as a label value: open, approval, closed, unknown.
func (p Policy) String() string {
	switch p {
	case PolicyOpen:
		return "open"
	case PolicyApproval:
		return "approval"
	case PolicyClosed:
		return "closed"
	}
	return "unknown"
}

// policy is that of a server whose registrations are open or not, and need approval or not.
func policy(open, approval Tri) Policy {
	switch {
	case open == No:
		return PolicyClosed
	case open == Unsaid:
		return PolicyUnknown
	case approval == Yes:
		return PolicyApproval
	}
	return PolicyOpen
}
