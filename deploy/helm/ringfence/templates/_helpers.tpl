{{- define "ringfence.selector" -}}
app.kubernetes.io/name: ringfence
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "ringfence.labels" -}}
{{ include "ringfence.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "ringfence.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- with .Values.image.digest }}@{{ . }}{{ end }}
{{- end }}

{{/* What every pod of ours has that works on a node. */}}
{{- define "ringfence.nodePod" -}}
automountServiceAccountToken: false
# Links are made in the node's network namespace, and the API server is reached before pods have a network.
hostNetwork: true
dnsPolicy: ClusterFirstWithHostNet
priorityClassName: {{ .Values.priorityClassName }}
terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{ toJson . }}
{{- end }}
tolerations: {{ toJson .Values.tolerations }}
nodeSelector: {{ toJson .Values.nodeSelector }}
{{- with .Values.affinity }}
affinity: {{ toJson . }}
{{- end }}
securityContext:
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{/* docs/permissions.md says of each line why it is here, and a test compares the two. */}}
{{- define "ringfence.securityContext" -}}
privileged: false
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsUser: 0
runAsGroup: 0
# The default profile of AppArmor denies every write below /sys/fs/bpf.
appArmorProfile: {type: Unconfined}
{{- with .Values.seLinuxOptions }}
seLinuxOptions: {{ toJson . }}
{{- end }}
capabilities:
  drop: [ALL]
  add: [NET_ADMIN, SYS_ADMIN]
{{- end }}

{{/* Where everything is on the node: for the agent, and for what takes it away. */}}
{{- define "ringfence.placeArgs" -}}
- --socket={{ .Values.paths.run }}/cni.sock
- --state-dir={{ .Values.paths.run }}/agent
- --pins={{ .Values.paths.bpf }}/ringfence/node
- --cni-config-dir={{ .Values.cni.configDir }}
- --cni-plugin-dir={{ .Values.cni.pluginDir }}
{{- if not .Values.cni.install }}
- --no-install
{{- end }}
{{- end }}

{{- define "ringfence.mounts" -}}
- {name: bpf, mountPath: {{ .Values.paths.bpf }}}
- {name: run, mountPath: {{ .Values.paths.run }}}
# Namespaces that the runtime makes later have to be seen as well.
- {name: sandboxes, mountPath: {{ .Values.paths.sandboxes }}, mountPropagation: HostToContainer, readOnly: true}
- {name: cgroup, mountPath: {{ .Values.paths.cgroup }}, mountPropagation: HostToContainer, readOnly: true}
{{- if .Values.cni.install }}
- {name: cni-config, mountPath: {{ .Values.cni.configDir }}}
- {name: cni-plugins, mountPath: {{ .Values.cni.pluginDir }}}
{{- end }}
{{- end }}

{{- define "ringfence.volumes" -}}
- {name: bpf, hostPath: {path: {{ .Values.paths.bpf }}, type: Directory}}
- {name: run, hostPath: {path: {{ .Values.paths.run }}, type: DirectoryOrCreate}}
- {name: sandboxes, hostPath: {path: {{ .Values.paths.sandboxes }}, type: DirectoryOrCreate}}
- {name: cgroup, hostPath: {path: {{ .Values.paths.cgroup }}, type: Directory}}
{{- if .Values.cni.install }}
- {name: cni-config, hostPath: {path: {{ .Values.cni.configDir }}, type: DirectoryOrCreate}}
- {name: cni-plugins, hostPath: {path: {{ .Values.cni.pluginDir }}, type: DirectoryOrCreate}}
{{- end }}
{{- end }}

{{/* The hooks go when all of them have succeeded; one that failed stays to be looked at. */}}
{{- define "ringfence.hook" -}}
helm.sh/hook: post-delete
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}

{{/* For containers that only wait. */}}
{{- define "ringfence.idleSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
capabilities: {drop: [ALL]}
{{- end }}

{{/* How many policies of any kind the cluster has. Without a cluster, as in `helm template`, there are none. */}}
{{- define "ringfence.policies" -}}
{{- $count := len ((lookup "networking.k8s.io/v1" "NetworkPolicy" "" "").items | default list) }}
{{- range $version, $kinds := dict "v1alpha1" (list "AdminNetworkPolicy" "BaselineAdminNetworkPolicy") "v1alpha2" (list "ClusterNetworkPolicy") }}
{{- range $kind := $kinds }}
{{- $group := printf "policy.networking.k8s.io/%s" $version }}
{{- if $.Capabilities.APIVersions.Has (printf "%s/%s" $group $kind) }}
{{- $count = add $count (len ((lookup $group $kind "" "").items | default list)) }}
{{- end }}
{{- end }}
{{- end }}
{{- $count }}
{{- end }}

{{/* The switch's word, see switch.yaml. */}}
{{- define "ringfence.enforcement" -}}
{{- $now := (lookup "v1" "ConfigMap" .Release.Namespace "ringfence").data | default dict }}
{{- if .Values.enforcement }}
{{- .Values.enforcement }}
{{- else if hasKey $now "enforcement" }}
{{- $now.enforcement }}
{{- else if and .Release.IsInstall (gt (int (include "ringfence.policies" .)) 0) -}}
audit
{{- else -}}
enforce
{{- end }}
{{- end }}
