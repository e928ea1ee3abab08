package troupe

import (
	"encoding/json"
	"fmt"
	"math"

	"google.golang.org/protobuf/types/known/structpb"
)

const maxDepth = 32

// decode reads a payload into what Go's json package can unmarshal into.
func decode(value *structpb.Value, into any) error {
	encoded, err := json.Marshal(value.AsInterface())
	if err != nil {
		return Errorf(InvalidPayload, "the payload is no JSON: %v", err)
	}
	if err := json.Unmarshal(encoded, into); err != nil {
		return Invalid(InvalidPayload, "payload", err.Error())
	}
	return nil
}

// encode makes a payload of what Go's json package can marshal.
func encode(v any) (*structpb.Value, error) {
	encoded, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	value := new(structpb.Value)
	if err := value.UnmarshalJSON(encoded); err != nil {
		return nil, err
	}
	return value, checkValue(value, "payload", 0)
}

// checkValue refuses what is no JSON, and arrays and objects that are nested too deep.
func checkValue(value *structpb.Value, path string, depth int) error {
	switch kind := value.GetKind().(type) {
	case *structpb.Value_NumberValue:
		if math.IsNaN(kind.NumberValue) || math.IsInf(kind.NumberValue, 0) {
			return Invalid(InvalidPayload, path, fmt.Sprintf("is %v, which is no JSON number", kind.NumberValue))
		}
	case *structpb.Value_ListValue:
		if depth >= maxDepth {
			return tooDeep(path)
		}
		for i, item := range kind.ListValue.GetValues() {
			if err := checkValue(item, fmt.Sprintf("%s[%d]", path, i), depth+1); err != nil {
				return err
			}
		}
	case *structpb.Value_StructValue:
		if depth >= maxDepth {
			return tooDeep(path)
		}
		for name, field := range kind.StructValue.GetFields() {
			if err := checkValue(field, path+"."+name, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

func tooDeep(path string) error {
	return Invalid(InvalidPayload, shorten(path, 80), fmt.Sprintf("is nested over %d deep", maxDepth))
}
