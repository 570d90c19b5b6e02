// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/** Any bytes are tensors or are refused; as {@link GgufFuzzTest}, over a corpus unless JAZZER_FUZZ is set. */
class SafetensorsFuzzTest {
    @FuzzTest(maxDuration = "10m")
    void readsOrRefuses(byte[] bytes) {
        try {
            SafetensorsFile file = SafetensorsFile.read(Path.of("fuzz.safetensors"), MemorySegment.ofArray(bytes));
            long seen = 0;
            for (WeightSource.Entry e : file.entries()) {
                seen += e.bytes().byteSize();
                if (e.bytes().byteSize() > 0)
                    e.bytes().get(ValueLayout.JAVA_BYTE, e.bytes().byteSize() - 1);
            }
            if (seen > bytes.length) throw new AssertionError("more bytes than there are: " + seen);
        } catch (MalformedModelException refused) {
            if (refused.getMessage().lines().count() != 1) throw new AssertionError("more than a line", refused);
        }
    }
}
