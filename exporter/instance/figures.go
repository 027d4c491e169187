package instance

// Answers are the latest documents of one server; nil where it gave none.
type Answers struct {
	NodeInfo *NodeInfo
	V1       *V1
	V2       *V2
	Week     *Week
}

// Figures are what is known of a server after weighing its answers. Figures compare with ==.
type Figures struct {
	Software      string // normalised; "" is unknown
	Version       string // of that software, cleaned, otherwise as served; "" is unknown
	Users         Count
	Statuses      Count
	Connections   Count // other domains it knows
	ActiveUsers   Count // in 30 days; can be above Users: deleted accounts count for a while
	Registrations Policy
	Week          Week
	Mastodon      bool // Mastodon or a fork: its version can be judged by Mastodon's releases
	Guessed       bool // Software is "mastodon" only because a version without a name looks like Mastodon's
	Refused       int  // absurd figures in all answers
}

// Figures weighs the answers. Which answer each figure comes from, the first that has it:
//
//	Software       nodeinfo; what the version of v1 names; what that of v2 names; else unknown
//	Version        from the same answer as Software; Fedibird's from v1 before nodeinfo
//	Users          nodeinfo usage.users.total; v1 stats.user_count
//	Statuses       nodeinfo usage.localPosts; v1 stats.status_count
//	Connections    v1 stats.domain_count
//	ActiveUsers    nodeinfo usage.users.activeMonth; v2 usage.users.active_month; v1 pleroma.stats.mau
//	Registrations  open or closed: v1 registrations; v2 registrations.enabled; nodeinfo openRegistrations
//	               approval: v1 approval_required; v2 registrations.approval_required
//	               closed if closed; approval if open and approval is needed; open if open; unknown if nobody says
//	Week           activity
//
// Nodeinfo goes first, since it is made for counting and says the server's own accounts; v1 and v2 are made for apps, and other
// software fills them with what apps expect. So these figures count as unknown:
//
//   - users and statuses in v1 of Misskey, Calckey and Firefish, which count all accounts they have heard of;
//   - users and statuses of an answer that says 0 of both, and 0 connections beside them, unless it is Mastodon's: somebody runs
//     the server, so the zeros stand for figures kept back (Friendica; GoToSocial with stats mode "zero");
//   - 0 active users in v2, unless it is Mastodon's (GoToSocial: "not implemented: will always be 0");
//   - active users in v2 of a Mastodon with limited federation, which puts 0 in their place;
//   - active users in nodeinfo of a WriteFreely that says 0 for the month and the half year: its statistics are off.
//
// A version without a name, of the form 1.2 to 9.9, is taken for Mastodon's, which is Guessed: of the recorded answers all of
// that form were sent by Mastodon and its forks, but GoToSocial can be told to look like it.
func (a Answers) Figures() Figures {
	var f Figures
	a.software(&f)
	n, v1, v2 := NodeInfo{}, V1{}, V2{}
	if a.NodeInfo != nil {
		n = *a.NodeInfo
	}
	if a.V1 != nil {
		v1 = *a.V1
	}
	if a.V2 != nil {
		v2 = *a.V2
	}
	if a.Week != nil {
		f.Week = *a.Week
	}
	f.Refused = int(n.Refused) + int(v1.Refused) + int(v2.Refused) + int(f.Week.Refused)
	f.Registrations = policy(v1.Registrations.Or(v2.Registrations).Or(n.Open), v1.Approval.Or(v2.Approval))

	doubt(&f, &n, &v1, &v2)
	f.Users = n.Users.Or(v1.Users)
	f.Statuses = n.Statuses.Or(v1.Statuses)
	f.Connections = v1.Connections
	f.ActiveUsers = n.ActiveMonth.Or(v2.ActiveMonth).Or(v1.ActiveMonth)
	return f
}

// software finds out what the server runs.
func (a Answers) software(f *Figures) {
	if a.NodeInfo != nil {
		f.Software, f.Version = a.NodeInfo.Software, a.NodeInfo.Version
	}
	mend := f.Version == "" || versionInV1[f.Software]
	for _, served := range a.versions() {
		name, version, guessed := softwareOf(served)
		if f.Software == "" && name != "" {
			f.Software, f.Version, f.Guessed = name, version, guessed
			break
		}
		if mend && (name == f.Software || guessed && forks[f.Software]) {
			f.Version = version
			break
		}
	}
	f.Mastodon = forks[f.Software]
}

// versions are the version strings of v1 and v2 as served, the one that weighs more first.
func (a Answers) versions() []string {
	var served []string
	if a.V1 != nil && a.V1.Version != "" {
		served = append(served, a.V1.Version)
	}
	if a.V2 != nil && a.V2.Version != "" {
		served = append(served, a.V2.Version)
	}
	return served
}

// doubt makes those figures unknown that the software is known to make up; the doc comment of Figures has the list.
func doubt(f *Figures, n *NodeInfo, v1 *V1, v2 *V2) {
	zero := Known(0)
	if v2.Limited {
		v2.ActiveMonth = Count{}
	}
	if knownAccounts[f.Software] {
		v1.Users, v1.Statuses = Count{}, Count{}
	}
	if f.Software == "writefreely" && n.ActiveMonth == zero && n.ActiveHalfYear == zero {
		n.ActiveMonth = Count{}
	}
	if f.Mastodon {
		return
	}
	if n.Users == zero && n.Statuses == zero {
		n.Users, n.Statuses = Count{}, Count{}
	}
	if v1.Users == zero && v1.Statuses == zero {
		v1.Users, v1.Statuses = Count{}, Count{}
		if v1.Connections == zero {
			v1.Connections = Count{}
		}
	}
	if v2.ActiveMonth == zero {
		v2.ActiveMonth = Count{}
	}
}
