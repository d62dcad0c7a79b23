{{/* Names, Kubernetes labels and what several objects share. */}}

{{- define "labelround.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{/* The prefix of all names, short enough for the longest ending. */}}
{{- define "labelround.fullname" -}}
{{- $name := include "labelround.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{- define "labelround.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/name: {{ include "labelround.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: labelround
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* What selects the pods of a component: (list $ "operator"). */}}
{{- define "labelround.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ include "labelround.name" $root }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* An image: (list $ image). What it does not name is that of `image`; a digest goes before any tag. */}}
{{- define "labelround.image" -}}
{{- $root := index . 0 -}}
{{- $own := index . 1 -}}
{{- $image := $root.Values.image -}}
{{- if or $own.tag $own.digest -}}
{{- $image = merge (deepCopy $own) (pick $image "repository") -}}
{{- else if $own.repository -}}
{{- $image = set (deepCopy $image) "repository" $own.repository -}}
{{- end -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository ($image.tag | default $root.Chart.AppVersion) -}}
{{- end -}}
{{- end }}

{{- define "labelround.operator.serviceAccountName" -}}
{{- $default := .Values.serviceAccount.create | ternary (printf "%s-operator" (include "labelround.fullname" .)) "default" -}}
{{- .Values.serviceAccount.name | default $default -}}
{{- end }}

{{- define "labelround.server.serviceAccountName" -}}
{{- $account := .Values.server.serviceAccount -}}
{{- $default := $account.create | ternary (printf "%s-server" (include "labelround.fullname" .)) "default" -}}
{{- $account.name | default $default -}}
{{- end }}

{{/* The file of settings of the operator: docs/configuration.md describes it. */}}
{{- define "labelround.settings" -}}
{{- $image := .Values.conversion.image -}}
{{- $conversion := omit .Values.conversion "image" -}}
{{- $_ := set $conversion "image" (include "labelround.image" (list . $image)) -}}
{{- $_ := set $conversion "imagePullPolicy" ($image.pullPolicy | default .Values.image.pullPolicy) -}}
{{- $settings := deepCopy .Values.settings -}}
{{- $_ := set $settings "clusterName" .Values.clusterName -}}
{{- $_ := set $settings "watch" .Values.watch -}}
{{- $_ := set $settings "policy" .Values.policy -}}
{{- $_ := set $settings "conversion" $conversion -}}
{{- toYaml $settings -}}
{{- end }}

{{/* The rules of a role in a file of rights: (list $ "files/rbac.yaml" "ClusterRole" "labelround-operator"). */}}
{{- define "labelround.rules" -}}
{{- $file := index . 1 -}}
{{- $kind := index . 2 -}}
{{- $name := index . 3 -}}
{{- range splitList "\n---\n" ((index . 0).Files.Get $file) -}}
{{- $document := fromYaml . -}}
{{- if and (eq $document.kind $kind) (eq $document.metadata.name $name) -}}
{{- toYaml $document.rules -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* A RoleBinding or ClusterRoleBinding of the operator to the role of its own name: (list $ kind name namespace). */}}
{{- define "labelround.binding" -}}
{{- $root := index . 0 -}}
{{- $kind := index . 1 -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}Binding
metadata:
  name: {{ index . 2 }}
  {{- with index . 3 }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "labelround.labels" $root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ $kind }}
  name: {{ index . 2 }}
subjects:
  - kind: ServiceAccount
    name: {{ include "labelround.operator.serviceAccountName" $root }}
    namespace: {{ $root.Release.Namespace }}
{{- end }}
