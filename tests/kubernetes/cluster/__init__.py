"""A real Kubernetes cluster of one node on this machine: etcd, the control plane, a kubelet, containerd, real pods.

`python -m tests.kubernetes.cluster` starts and ends one by hand; `cluster.py` is what fixtures use. Decision 36 says
why it is as it is.
"""
