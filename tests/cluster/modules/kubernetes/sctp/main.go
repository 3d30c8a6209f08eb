// Command sctp stands in front of upstream's agnhost in the images of suites. Where that one would open an SCTP socket,
// which a kernel may not have, it opens an association by hand on a raw socket: INIT, INIT ACK, ABORT. Policies see the
// same packets. Everything else is upstream's own.
package main

import (
	"fmt"
	"os"
	"syscall"
)

const upstream = "/agnhost.upstream"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	others, ports, err := split(os.Environ())
	if err != nil {
		return err
	}
	switch {
	case len(arguments) > 0 && arguments[0] == "porter" && len(ports) > 0:
		return porter(arguments, others, ports)
	case len(arguments) > 0 && arguments[0] == "connect":
		to, err := parse(arguments[1:])
		if err != nil {
			return err
		}
		if to != nil {
			return connect(*to)
		}
	}
	return syscall.Exec(upstream, append([]string{upstream}, arguments...), os.Environ())
}
