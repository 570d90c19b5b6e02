// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

/**
 * What the JVM itself may take, as the launcher set it: its share of {@code --memory}.
 *
 * @param heapBytes      the most of Java's heap
 * @param metaspaceBytes the most of classes
 * @param codeBytes      the most of compiled code
 * @param restBytes      the JVM's library, the collector's tables, stacks
 */
record JvmRoom(long heapBytes, long metaspaceBytes, long codeBytes, long restBytes) {
    private static final long MIB = 1 << 20;

    /** @param text {@code metaspace=64,code=48,rest=48}, in MiB; what is missing counts as nothing */
    static JvmRoom parse(String text) {
        long metaspace = 0;
        long code = 0;
        long rest = 0;
        for (String pair : text.split(",")) {
            int eq = pair.indexOf('=');
            if (eq < 0) continue;
            long value = Long.parseLong(pair.substring(eq + 1)) * MIB;
            switch (pair.substring(0, eq)) {
                case "metaspace" -> metaspace = value;
                case "code" -> code = value;
                case "rest" -> rest = value;
                default -> {}
            }
        }
        return new JvmRoom(Runtime.getRuntime().maxMemory(), metaspace, code, rest);
    }

    long total() {
        return heapBytes + metaspaceBytes + codeBytes + restBytes;
    }

    /** What is left of the process's memory for Jay's own bytes. */
    long offHeap(long processBytes) {
        long left = processBytes - total();
        if (left < MIB) {
            throw new CommandException(
                    ExitCode.USAGE,
                    "--memory " + processBytes + " bytes leaves nothing for the model: this JVM may take " + total()
                            + " bytes (heap=" + heapBytes + ", metaspace=" + metaspaceBytes + ", code=" + codeBytes
                            + ", rest=" + restBytes + ")");
        }
        return left;
    }
}
