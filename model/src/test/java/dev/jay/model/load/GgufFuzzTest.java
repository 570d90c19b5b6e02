// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;

/**
 * Any bytes are a model or are refused. Runs over its corpus (GgufFuzzTestInputs) unless JAZZER_FUZZ is set, which
 * searches for more.
 */
class GgufFuzzTest {
    @FuzzTest(maxDuration = "10m")
    void readsOrRefuses(byte[] bytes) {
        try {
            readAll(Gguf.of(MemorySegment.ofArray(bytes), Path.of("fuzz.gguf")));
        } catch (MalformedModelException refused) {
            if (refused.getMessage().lines().count() != 1) throw new AssertionError("more than a line", refused);
        }
    }

    /** Looks at all that a reader of the model could. */
    static long readAll(Gguf gguf) {
        long seen = 0;
        for (Object value : gguf.metadata().values().values()) {
            if (value instanceof List<?> list) {
                for (Object element : list) seen += element.toString().length();
            }
        }
        for (WeightSource.Entry e : gguf.entries()) {
            seen += e.bytes().byteSize() + e.bytes().get(ValueLayout.JAVA_BYTE, 0);
            seen += e.dims().size() + e.typeName().length();
        }
        return seen;
    }
}
