// Gets the values that an ExternalSecret names, with External Secrets Operator's own code.
//
// It reads manifests from standard input, strictly: a field that the operator's types don't have is an error. They are
// what a cluster has; the operator's webhook provider gets the token's Secret from there, fills the templates, calls and
// reads the answer. Its controller is left out: it brings the SDKs of forty clouds. It writes one line of JSON: the
// values, or an error and whether the operator takes it for a secret that was deleted.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	esv1 "github.com/external-secrets/external-secrets/apis/externalsecrets/v1"
	_ "github.com/external-secrets/external-secrets/pkg/provider/webhook"
	"github.com/external-secrets/external-secrets/pkg/utils"
)

// Where everything is: the manifests don't say.
const namespace = "default"

type answer struct {
	Values  map[string]string `json:"values,omitempty"`
	Error   string            `json:"error,omitempty"`
	Deleted bool              `json:"deleted,omitempty"`
}

func main() {
	manifests, err := io.ReadAll(os.Stdin)
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(answerTo(manifests))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func answerTo(manifests []byte) answer {
	values, err := fetch(context.Background(), manifests)
	if err != nil {
		return answer{Error: err.Error(), Deleted: errors.Is(err, esv1.NoSecretErr)}
	}
	return answer{Values: values}
}

func fetch(ctx context.Context, manifests []byte) (map[string]string, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(corev1.AddToScheme(scheme), esv1.AddToScheme(scheme)); err != nil {
		return nil, err
	}
	objects, err := read(scheme, manifests)
	if err != nil {
		return nil, err
	}
	cluster := fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build()
	values := map[string]string{}
	for _, object := range objects {
		wanted, ok := object.(*esv1.ExternalSecret)
		if !ok {
			continue
		}
		store, err := open(ctx, cluster, wanted.Spec.SecretStoreRef)
		if err != nil {
			return nil, err
		}
		for _, data := range wanted.Spec.Data {
			value, err := store.GetSecret(ctx, data.RemoteRef)
			if err != nil {
				return nil, err
			}
			if value, err = utils.Decode(data.RemoteRef.DecodingStrategy, value); err != nil {
				return nil, err
			}
			values[data.SecretKey] = string(value)
		}
	}
	return values, nil
}

func open(ctx context.Context, cluster client.Client, named esv1.SecretStoreRef) (esv1.SecretsClient, error) {
	store := &esv1.SecretStore{}
	if named.Kind != esv1.SecretStoreKind {
		return nil, fmt.Errorf("a store of kind %q is none of a namespace", named.Kind)
	}
	if err := cluster.Get(ctx, client.ObjectKey{Namespace: namespace, Name: named.Name}, store); err != nil {
		return nil, err
	}
	provider, err := esv1.GetProvider(store)
	if err != nil {
		return nil, err
	}
	return provider.NewClient(ctx, store, cluster, namespace)
}

func read(scheme *runtime.Scheme, manifests []byte) ([]client.Object, error) {
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	documents := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(manifests)))
	var objects []client.Object
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, err
		}
		decoded, _, err := decoder.Decode(document, nil, nil)
		if err != nil {
			return nil, err
		}
		object, ok := decoded.(client.Object)
		if !ok {
			return nil, fmt.Errorf("a manifest of %T is none of an object", decoded)
		}
		object.SetNamespace(namespace)
		objects = append(objects, object)
	}
}
