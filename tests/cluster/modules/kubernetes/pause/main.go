// Command pause is the first process of every pod. It keeps the pod's namespaces, reaps processes whose parents are gone,
// and ends when it is told to.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	told := make(chan os.Signal, 8)
	signal.Notify(told, syscall.SIGCHLD, syscall.SIGINT, syscall.SIGTERM)
	for which := range told {
		if which != syscall.SIGCHLD {
			return
		}
		reap()
	}
}

// reap takes all that have ended: one signal may stand for several of them.
func reap() {
	for {
		pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		if pid <= 0 || err != nil {
			return
		}
	}
}
