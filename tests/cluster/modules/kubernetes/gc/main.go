// Command gc collects a network's garbage as a runtime does that knows which attachments are still valid: cnitool's own
// command cannot say. Its words are the network and the containers whose eth0 is valid.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/containernetworking/cni/libcni"
	"github.com/containernetworking/cni/pkg/types"
)

func main() {
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(network string, containers []string) error {
	list, err := libcni.LoadNetworkConf(os.Getenv("NETCONFPATH"), network)
	if err != nil {
		return err
	}
	// In an empty cache libcni finds nothing that it could take away by itself, before it asks the plugins.
	cache, err := os.MkdirTemp("", "gc")
	if err != nil {
		return err
	}
	defer os.RemoveAll(cache)
	valid := []types.GCAttachment{}
	for _, container := range containers {
		valid = append(valid, types.GCAttachment{ContainerID: container, IfName: "eth0"})
	}
	plugins := filepath.SplitList(os.Getenv("CNI_PATH"))
	runtime := libcni.NewCNIConfigWithCacheDir(plugins, cache, nil)
	return runtime.GCNetworkList(context.Background(), list, &libcni.GCArgs{ValidAttachments: valid})
}
