// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Examples: what is allowed, what is not, and what is refused. */
class JsonSchemaTest {
    private static final String PERSON = """
        {"type": "object", "title": "Person",
         "properties": {
           "name": {"type": "string"},
           "age": {"type": ["integer", "null"], "minimum": 0, "maximum": 150},
           "tags": {"type": "array", "items": {"enum": ["a", "b\\"c"]}, "maxItems": 2},
           "boss": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}},
         "required": ["name", "boss"], "additionalProperties": false}\
        """;

    private static boolean allows(String schema, String text) {
        return Texts.allows(Grammar.ofJsonSchema(schema), text);
    }

    @Test
    void shouldAllowWhatIsWrittenCompactlyOrPretty() {
        assertThat(allows(
                        PERSON,
                        "{\"name\":\"Zo\u00eb \\\"Z\\\" \\n\",\"age\":42,\"tags\":[\"a\",\"b\\\"c\"],\"boss\":null}"))
                .isTrue();
        assertThat(allows(PERSON, "{\"name\": \"x\", \"boss\": {\"name\": \"y\", \"age\": null, \"boss\": null}}"))
                .isTrue();
        assertThat(allows(PERSON, """
            {
              "name": "x",
              "tags": [
                "a"
              ],
              "boss": {
                "name": "\ud83d\udc26",
                "tags": [],
                "boss": null
              }
            }\
            """)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"name\":\"x\"}",
                "{\"boss\":null,\"name\":\"x\"}",
                "{\"name\":\"x\",\"age\":151,\"boss\":null}",
                "{\"name\":\"x\",\"age\":-1,\"boss\":null}",
                "{\"name\":\"x\",\"age\":01,\"boss\":null}",
                "{\"name\":\"x\",\"tags\":[\"a\",\"a\",\"a\"],\"boss\":null}",
                "{\"name\":\"x\",\"tags\":[\"a\",],\"boss\":null}",
                "{\"name\":\"x\",\"boss\":null,\"more\":1}",
                "{\"name\":\"x\\q\",\"boss\":null}",
                "{\"name\":\"\\ud800\",\"boss\":null}",
                "{\"name\":\"x\n\",\"boss\":null}",
                "{\"name\":\"x\",\"boss\":null}}",
                "{\"name\":\"x\",,\"boss\":null}"
            })
    void shouldNotAllow(String text) {
        assertThat(allows(PERSON, text)).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"minimum\":-1.5,\"maximum\":20}|-1.5 0 0.25 -1 19.99 20 20.0|-1.51 20.01 21 -2 100 1e1",
                "{\"type\":\"integer\",\"exclusiveMinimum\":9,\"exclusiveMaximum\":101}|10 11 99 100|9 101 1000 -50"
                        + " 10.0",
                "{\"type\":\"integer\",\"multipleOf\":7,\"minimum\":-21}|-21 -14 0 7 70 49|-28 8 1 48",
                "{\"type\":\"number\",\"multipleOf\":0.05}|0.05 1 1.5 1.55 -2.10|0.01 1.001 0.051",
                "{\"type\":\"number\",\"maximum\":-0.001}|-0.001 -5 -0.0011|0 -0.0009 0.1",
                "{\"type\":\"integer\",\"minimum\":100000000000000000000}|100000000000000000000"
                        + " 100000000000000000001|5 99999999999999999999",
                "{\"type\":\"number\"}|0 -0.5 1e5 2.5E-10 123456|01 .5 1. 1e 1e+ --1",
                "{\"type\":\"integer\",\"format\":\"int32\"}|2147483647 -2147483648|2147483648 -2147483649"
            })
    void numbersShouldStayWithinTheirBounds(String schema, String yes, String no) {
        for (String text : yes.split(" "))
            assertThat(allows(schema, text)).as("%s", text).isTrue();
        for (String text : no.split(" "))
            assertThat(allows(schema, text)).as("%s", text).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "date|2024-02-29 2000-02-29 1999-12-31|2023-02-29 1900-02-29 2024-13-01 2024-04-31 24-01-01",
                "time|12:00:00Z 23:59:59.123+02:00|24:00:00Z 12:60:00Z 12:00:00",
                "date-time|2024-01-02T03:04:05Z|2024-01-02",
                "uuid|123e4567-e89b-12d3-a456-426614174000|123e4567e89b12d3a456426614174000",
                "email|a.b+c@example.org|a@b @example.org",
                "ipv4|192.168.0.255|192.168.0.256 1.2.3",
                "ipv6|2001:db8:0:0:0:0:0:1 ::1|2001:zz::1",
                "hostname|a.example-1.org|-a.org",
                "uri|https://example.org/a?b=c#d|example.org"
            })
    void formatsShouldHold(String format, String yes, String no) {
        String schema = "{\"type\":\"string\",\"format\":\"" + format + "\"}";
        for (String text : yes.split(" "))
            assertThat(allows(schema, '"' + text + '"')).as("%s", text).isTrue();
        for (String text : no.split(" "))
            assertThat(allows(schema, '"' + text + '"')).as("%s", text).isFalse();
    }

    @Test
    void lengthsShouldCountCharactersAndNotBytesOrEscapes() {
        String two = "{\"type\":\"string\",\"minLength\":2,\"maxLength\":2}";
        for (String text :
                new String[] {"ab", "\u00e9\u00e9", "\ud83d\udc26x", "\\n\\\"", "\\u0041\\u00e9", "\\ud83d\\udc26x"}) {
            assertThat(allows(two, '"' + text + '"')).as("%s", text).isTrue();
        }
        for (String text : new String[] {"a", "abc", "\ud83d\udc26", "\\u0041"}) {
            assertThat(allows(two, '"' + text + '"')).as("%s", text).isFalse();
        }
    }

    @Test
    void otherPropertiesShouldNotHaveTheNamesOfDeclaredOnes() {
        String schema =
                "{\"properties\":{\"ab\":{\"type\":\"integer\"}},\"additionalProperties\":{\"type\":\"string\"}}";
        assertThat(allows(schema, "{\"ab\":1,\"a\":\"x\",\"abc\":\"y\"}")).isTrue();
        assertThat(allows(schema, "{\"ab\":\"x\"}")).isFalse();
        assertThat(allows(schema, "{\"\\u0061b\":\"x\"}")).isFalse();
    }

    @Test
    void referencesShouldBeFollowedHoweverTheyAreWritten() {
        String schema = "{\"$defs\":{\"a/b\":{\"const\":1},\"c d\":{\"const\":2},\"%\":{\"const\":3}},\"anyOf\":["
                + "{\"$ref\":\"#/$defs/a~1b\"},{\"$ref\":\"#/%24defs/c%20d\"},{\"$ref\":\"#/$defs/%\"}]}";
        for (String text : new String[] {"1", "2", "3"})
            assertThat(allows(schema, text)).isTrue();
        assertThat(allows(schema, "4")).isFalse();
        assertThat(allows("{\"$ref\":\"#\"}", "[null]")).isTrue(); // says nothing
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"not\":{}}|not",
                "{\"if\":{},\"then\":{}}|if",
                "{\"type\":\"array\",\"uniqueItems\":true}|uniqueItems",
                "{\"contains\":{}}|contains",
                "{\"dependentRequired\":{}}|dependentRequired",
                "{\"unevaluatedProperties\":false}|unevaluatedProperties",
                "{\"maxLenght\":3}|maxLenght",
                "{\"type\":\"text\"}|type",
                "{\"type\":\"string\",\"format\":\"phone\"}|format",
                "{\"type\":\"string\",\"pattern\":\"(?=a)\"}|pattern",
                "{\"type\":\"string\",\"pattern\":\"(a)\\\\1\"}|pattern",
                "{\"type\":\"string\",\"pattern\":\"(\"}|pattern",
                "{\"$ref\":\"http://example.org/s\"}|$ref",
                "{\"$ref\":\"#/nothing\"}|$ref",
                "{\"type\":\"string\",\"maxLength\":100000000}|maxLength",
                "{\"type\":\"array\",\"maxItems\":100000000}|maxItems",
                "{\"type\":\"integer\",\"multipleOf\":123456789}|multipleOf",
                "{\"oneOf\":[{\"type\":\"string\"},{\"type\":\"string\",\"minLength\":2}]}|oneOf",
                "{\"anyOf\":[]}|anyOf",
                "{\"type\":\"string\",\"minLength\":3,\"maxLength\":2}|no text at all",
                "false|no text at all",
                "{\"anyOf\":[{\"$ref\":\"#\"},{\"type\":\"null\"}]}|begins with itself",
                "{\"maximum\":2E6666666666666}|digits",
                "{\"maximum\":2E666}|maximum",
                "[1]|object",
                "{\"a\"|JSON"
            })
    void shouldRefuseByName(String schema, String word) {
        assertThatThrownBy(() -> Grammar.ofJsonSchema(schema))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining(word);
    }

    @Test
    void hostileSchemasShouldEndSoonInAGrammarOrARefusal() {
        StringBuilder many = new StringBuilder("{\"enum\":[");
        for (int i = 0; i < 20_000; i++)
            many.append(i > 0 ? "," : "").append("\"value ").append(i).append('"');
        StringBuilder deep = new StringBuilder();
        for (int i = 0; i < 90; i++) deep.append("{\"items\":");
        deep.append("{}").append("}".repeat(90));
        StringBuilder wide = new StringBuilder("{\"properties\":{");
        for (int i = 0; i < 3000; i++)
            wide.append(i > 0 ? "," : "").append("\"p").append(i).append("\":{}");
        wide.append("}}");
        String[] all = {
            many.append("]}").toString(),
            deep.toString(),
            wide.toString(),
            "{\"type\":\"string\",\"pattern\":\"(a|b)*a(a|b){30}\"}",
            "{\"type\":\"string\",\"pattern\":\"((((a{90}){90}){90}){90})\"}",
            "{\"type\":\"string\",\"pattern\":\"^(\\\\p{L}|\\\\p{N}){1,500}$\",\"maxLength\":300}",
            "{\"type\":\"string\",\"pattern\":\"(x+x+)+y\",\"maxLength\":1000}",
            "{\"type\":\"array\",\"maxItems\":9999,\"items\":{\"type\":\"array\",\"maxItems\":9999,\"items\":{\"enum\":[1,2,3]}}}",
            "{\"allOf\":[" + "{\"anyOf\":[{\"minimum\":1},{\"maximum\":5}]},".repeat(40) + "{}]}",
            "{\"$defs\":{\"a\":{\"allOf\":[{\"$ref\":\"#/$defs/b\"},{\"$ref\":\"#/$defs/a\"}]},\"b\":{\"$ref\":\"#/$defs/a\"}},"
                + "\"$ref\":\"#/$defs/a\"}",
            "{\"minProperties\":900,\"maxProperties\":950}",
            "{\"type\":\"string\",\"minLength\":20000}",
            "{\"type\":\"number\",\"minimum\":1e-90,\"maximum\":1e90,\"multipleOf\":1e-90}"
        };
        for (String schema : all) {
            Assertions.assertTimeoutPreemptively(Duration.ofSeconds(60), () -> {
                try {
                    Grammar grammar = Grammar.ofJsonSchema(schema);
                    assertThat(grammar.heapBytes()).isLessThan(100L << 20);
                } catch (GrammarException e) {
                    assertThat(e.getMessage()).hasSizeLessThan(1000);
                }
            });
        }
    }
}
