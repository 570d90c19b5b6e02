// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What the JVM itself may take, as the launcher set it: its share of {@code --memory}.
 *
 * @param processBytes   the room of the whole process: {@code --memory}, or what is free; 0 if nobody said
 * @param heapBytes      the most of Java's heap
 * @param metaspaceBytes the most of classes
 * @param codeBytes      the most of compiled code
 * @param restBytes      the JVM's library, the collector's tables, stacks
 */
record JvmRoom(long processBytes, long heapBytes, long metaspaceBytes, long codeBytes, long restBytes) {
    private static final long MIB = 1 << 20;
    private static final long ONE_COMPILER = 512 * MIB; // below it the launcher leaves the second out

    /** @param text {@code total=512,heap=128,metaspace=64,code=48,rest=48}, in MiB; what is missing counts as nothing */
    static JvmRoom parse(String text) {
        long process = 0;
        long heap = Runtime.getRuntime().maxMemory();
        long metaspace = 0;
        long code = 0;
        long rest = 0;
        for (String pair : text.split(",")) {
            int eq = pair.indexOf('=');
            if (eq < 0) continue;
            long value = Long.parseLong(pair.substring(eq + 1)) * MIB;
            switch (pair.substring(0, eq)) {
                case "total" -> process = value;
                case "heap" -> heap = value;
                case "metaspace" -> metaspace = value;
                case "code" -> code = value;
                case "rest" -> rest = value;
                default -> {}
            }
        }
        return new JvmRoom(process, heap, metaspace, code, rest);
    }

    /** What each part of it may take. */
    Map<String, Long> setAside() {
        Map<String, Long> rows = new LinkedHashMap<>();
        rows.put("java-heap", heapBytes);
        rows.put("java-classes", metaspaceBytes);
        rows.put("java-code", codeBytes);
        rows.put("java-rest", restBytes);
        return rows;
    }

    /** What each part of it comes to: measured of runs over models of many sizes. */
    Map<String, Long> expected(int vocabulary) {
        Map<String, Long> rows = new LinkedHashMap<>();
        rows.put("java-heap", Math.min(heapBytes, 20 * MIB + 115L * vocabulary));
        rows.put("java-classes", 24 * MIB);
        rows.put("java-code", 8 * MIB);
        rows.put("java-rest", (processBytes > 0 && processBytes < ONE_COMPILER ? 32 : 40) * MIB);
        return rows;
    }

    long total() {
        return heapBytes + metaspaceBytes + codeBytes + restBytes;
    }

    /** What is left of the process's memory for Jay's own bytes, the model's among them. */
    long offHeap(long process) {
        long left = process - total();
        if (left < MIB) {
            throw new CommandException(
                    ExitCode.USAGE,
                    "--memory " + process + " bytes leaves nothing for the model: this JVM may take " + total()
                            + " bytes (heap=" + heapBytes + ", metaspace=" + metaspaceBytes + ", code=" + codeBytes
                            + ", rest=" + restBytes + ")");
        }
        return left;
    }
}
