#!/bin/sh
# Builds Traefik from its Go module, for machines that cannot pull its image.
#
#   build.sh VERSION OUT WORK     e.g. build.sh 3.7.13 /cache/bin/traefik-3.7.13 /cache/build/traefik
#
# A plain "go build" wants the SDKs of some fifty DNS providers, and a module proxy need not serve all of those.
# They are only used to order certificates by DNS challenge; the local stack brings its own certificate. So lego,
# the library that binds them, is cut down to two providers without an SDK before the build.
set -eu

# Read as a whole before it starts: the file may change while it runs.
main() {
version=$1 out=$2 work=$3

module_dir() {
  # "go mod download -json" prints one object with the key Dir; taken apart without jq.
  go mod download -json "$1" | sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p'
}

rm -rf "$work"
mkdir -p "$work"
cd "$work"
echo "downloading Traefik $version"
source=$(module_dir "github.com/traefik/traefik/v3@v$version")
lego_version=$(awk '$1 == "github.com/go-acme/lego/v5" { print $2; exit }' "$source/go.mod")
lego=$(module_dir "github.com/go-acme/lego/v5@$lego_version")
cp -r "$source" src
cp -r "$lego" lego
chmod -R u+w src lego

cat > lego/providers/dns/zz_gen_dns_providers.go <<'GO'
package dns

import (
	"fmt"

	"github.com/go-acme/lego/v5/challenge"
	"github.com/go-acme/lego/v5/providers/dns/acmedns"
	"github.com/go-acme/lego/v5/providers/dns/exec"
)

// NewDNSChallengeProviderByName makes the named provider.
func NewDNSChallengeProviderByName(name string) (challenge.Provider, error) {
	switch name {
	case "acme-dns", "acmedns":
		return acmedns.NewDNSProvider()
	case "exec":
		return exec.NewDNSProvider()
	}
	return nil, fmt.Errorf("unrecognized DNS provider: %s", name)
}
GO

# A module inside the module: the zip of the outer one leaves it out.
mkdir -p src/pkg/config/dynamic/ext
cat > src/pkg/config/dynamic/ext/go.mod <<'GO'
module github.com/traefik/traefik/dynamic/ext

go 1.22
GO
cat > src/pkg/config/dynamic/ext/ext.go <<'GO'
// Package ext holds empty extension points.
package ext

// HTTP extends dynamic.HTTP.
type HTTP struct{}

// Router extends dynamic.Router.
type Router struct{}
GO

for module in \
  github.com/akamai/AkamaiOPEN-edgegrid-golang/v13 github.com/aziontech/azionapi-go-sdk \
  github.com/dnsimple/dnsimple-go/v9 github.com/go-acme/alidns-20150109/v5 github.com/go-acme/esa-20240910/v3 \
  github.com/go-acme/tencentclouddnspod github.com/go-acme/tencentedgdeone \
  github.com/huaweicloud/huaweicloud-sdk-go-v3 github.com/nrdcg/oci-go-sdk/common/v1065 \
  github.com/nrdcg/oci-go-sdk/dns/v1065 github.com/regfish/regfish-dnsapi-go github.com/sacloud/sacloud-sdk-go \
  github.com/ucloud/ucloud-sdk-go github.com/yandex-cloud/go-genproto \
  github.com/yandex-cloud/go-sdk/services/dns github.com/yandex-cloud/go-sdk/v2 \
  github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common; do
  for tree in src lego; do (cd "$tree" && go mod edit -droprequire "$module"); done
done

cd src
# The commit that Traefik's own go.mod names of this fork is not served; its 2021 release is.
go mod edit -replace github.com/go-acme/lego/v5=../lego \
  -replace github.com/abbot/go-http-auth=github.com/containous/go-http-auth@v0.4.1-0.20210329152427-e70ce7ef1ade
echo "compiling Traefik $version"
mkdir -p "$(dirname "$out")"
CGO_ENABLED=0 GOFLAGS="${GOFLAGS:-} -buildvcs=false" go build -mod=mod -trimpath \
  -ldflags "-s -w -X github.com/traefik/traefik/v3/pkg/version.Version=$version" -o "$out.new" ./cmd/traefik
mv "$out.new" "$out"
cd /
rm -rf "$work"
}

main "$@"
exit
