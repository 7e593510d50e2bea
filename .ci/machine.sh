# What .ci/run needs on a bare Debian machine: each function installs something unless it is there. Sourced by .ci/run, which
# sets root. Settings: GO_VERSION and NODE_VERSION, used where none is found that is recent enough.
# shellcheck shell=bash

GO_VERSION=${GO_VERSION:-1.26.8}
NODE_VERSION=${NODE_VERSION:-22.12.0}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		echo "needs root: $*" >&2
		return 1
	fi
}

apt_updated=
install_deb() {
	echo "installing $*"
	if [ -z "$apt_updated" ]; then
		as_root apt-get update -qq
		apt_updated=1
	fi
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# need_deb cmd package... installs the packages unless the command is there.
need_deb() {
	local cmd=$1
	shift
	command -v "$cmd" >/dev/null || install_deb "$@"
}

# go_release prints the release of a go command, without downloading another: 1.26.8.
go_release() { GOTOOLCHAIN=local "$1" version | sed -E 's/.*go version go([0-9.]+).*/\1/'; }

# at_least a b: release a is b or later.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# need_go puts a Go on the PATH that is recent enough for go.mod. Since 1.21 a go command fetches the
# release that it is asked for. An older one, as Debian has it, can still download that release as the
# module that it is, checked against the checksum database like any other.
need_go() {
	local want have os_arch module out dir
	want=$(sed -n 's/^go //p' go.mod)
	if ! command -v go >/dev/null && [ -x /usr/local/go/bin/go ]; then
		PATH=/usr/local/go/bin:$PATH
	fi
	[ -e /etc/ssl/certs/ca-certificates.crt ] || install_deb ca-certificates
	need_deb go golang-go
	have=$(go_release go)
	if at_least "$have" "$want"; then
		return
	fi
	echo "go $have is older than $want, fetching $GO_VERSION"
	if at_least "$have" 1.21; then
		export GOTOOLCHAIN=go$GO_VERSION
		return
	fi
	os_arch=$(go env GOOS)-$(go env GOARCH)
	module=golang.org/toolchain@v0.0.1-go$GO_VERSION.$os_arch
	if ! out=$(cd / && GOFLAGS=-modcacherw go mod download -json "$module"); then
		echo "$out" >&2
		return 1
	fi
	dir=$(sed -n 's/.*"Dir": "\(.*\)",*/\1/p' <<<"$out")
	# A module's files are not executable.
	chmod u+x "$dir"/bin/* "$dir"/pkg/tool/*/*
	export PATH=$dir/bin:$PATH GOROOT=$dir
}

# need_node puts a Node on the PATH that the page's tools work with. Where the distribution has an older one, the program
# comes from the npm registry, as a package of its own.
need_node() {
	need_deb node nodejs
	need_deb npm npm
	local have arch dir=$root/.cache/node
	have=$(node --version)
	at_least "${have#v}" 20.19.0 && return
	arch=$(node -p process.arch)
	[ -x "$dir/node_modules/node-linux-$arch/bin/node" ] ||
		npm install --prefix "$dir" --no-audit --no-fund "node-linux-$arch@$NODE_VERSION"
	export PATH=$dir/node_modules/node-linux-$arch/bin:$PATH
	echo "node $have is older than 20.19, using $(node --version)"
}

# The parsers of other programs that tests ask (tools/node), the page of the explorer and a browser to test it in.
node_packages() {
	need_node
	[ -x "${CHROMIUM:-/usr/bin/chromium}" ] || install_deb chromium
	local folder
	for folder in tools/node explorer/web; do
		[ -e $folder/node_modules/.package-lock.json ] || npm --prefix $folder ci --ignore-scripts --no-audit --no-fund
	done
}

# The reader of ITF that a test asks (tools/python), in a virtual environment.
python_packages() {
	need_deb python3 python3
	local dir=$root/.cache/python
	[ -x "$dir/bin/python" ] && "$dir/bin/python" -c 'import itf_py' 2>/dev/null ||
		{ python3 -m venv "$dir" 2>/dev/null || { install_deb python3-venv && python3 -m venv "$dir"; }; }
	"$dir/bin/python" -c 'import itf_py' 2>/dev/null ||
		"$dir/bin/python" -m pip install --quiet --disable-pip-version-check -r "$root/tools/python/requirements.txt"
	export SYNOD_PYTHON=$dir/bin/python
}

# need_basics is what every step may use.
need_basics() {
	need_deb git git
	# Tests talk to servers by netcat, and watch the calls of a server.
	need_deb nc netcat-openbsd
	need_deb strace strace
	need_go
	# The race detector needs a C compiler, and the headers that gcc only recommends.
	if ! command -v gcc >/dev/null || [ ! -e /usr/include/stdlib.h ]; then
		install_deb gcc libc6-dev
	fi
}
