// The controller manager of Kubernetes, except that its job controller waits for tenths of a second where it waits for
// seconds, so that tests of retries need not.
package main

import (
	"os"
	"time"

	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-controller-manager/app"
	"k8s.io/kubernetes/pkg/controller/job"
)

func main() {
	job.SyncJobBatchPeriod = 100 * time.Millisecond
	job.DefaultJobApiBackOff = 100 * time.Millisecond
	job.DefaultJobPodFailureBackOff = 200 * time.Millisecond
	os.Exit(cli.Run(app.NewControllerManagerCommand()))
}
