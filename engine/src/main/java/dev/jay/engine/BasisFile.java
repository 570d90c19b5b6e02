// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.kv.KvStream;
import dev.jay.kv.codec.KvBasis;
import dev.jay.kv.evict.KvCalibration;
import dev.jay.model.ModelSpec;
import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.WeightSource;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.memory.WholeFile;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * In which directions a model's keys and values lie, in a file beside it: {@code ["JAYBASES"][fingerprint of the model: 64
 * hexadecimal digits][layers: u32]}, and for the keys and then the values of each layer {@code [width: u32][rank: u32]
 * [mean: width][variances: rank][vectors: rank x width]}, f32, all little-endian. It is another model's as soon as a weight
 * differs. What it says is checked: it may be anybody's.
 */
record BasisFile(Path path) {
    private static final String ENDING = ".bases";
    private static final byte[] MAGIC = "JAYBASES".getBytes(StandardCharsets.US_ASCII);
    private static final int PRINT = 64;

    static BasisFile of(Path model) {
        return new BasisFile(model.resolveSibling(model.getFileName() + ENDING));
    }

    void write(List<KvCalibration.Bases> bases, WeightSource source) throws IOException {
        WholeFile.write(path, channel -> {
            OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel));
            writeTo(out, bases, source);
            out.flush();
        });
    }

    private static void writeTo(OutputStream out, List<KvCalibration.Bases> bases, WeightSource source)
            throws IOException {
        out.write(MAGIC);
        out.write(Fingerprint.of(source).getBytes(StandardCharsets.US_ASCII));
        out.write(number(bases.size()));
        for (KvCalibration.Bases layer : bases) {
            for (KvBasis basis : List.of(layer.keys(), layer.values())) {
                out.write(number(basis.width()));
                out.write(number(basis.rank()));
                for (float[] all : List.of(basis.mean(), basis.variances(), basis.vectors())) {
                    byte[] bytes = new byte[4 * all.length];
                    MemorySegment.copy(all, 0, MemorySegment.ofArray(bytes), Floats.LAYOUT, 0, all.length);
                    out.write(bytes);
                }
            }
        }
    }

    private static byte[] number(int n) {
        return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(n).array();
    }

    /** Nothing if there is no such file, or it is of another model. */
    Optional<List<KvCalibration.Bases>> find(WeightSource source, ModelSpec spec) throws IOException {
        if (!Files.isRegularFile(path)) return Optional.empty();
        try (InputStream file = Files.newInputStream(path)) {
            DataInputStream in = new DataInputStream(file);
            if (!Arrays.equals(read(in, MAGIC.length), MAGIC)) throw wrong("it does not begin with JAYBASES");
            if (!new String(read(in, PRINT), StandardCharsets.US_ASCII).equals(Fingerprint.of(source))) {
                return Optional.empty();
            }
            List<KvStream> streams = spec.kvShape().streams();
            int layers = number(in);
            if (layers != streams.size()) throw wrong("layers=" + layers + ", the model's=" + streams.size());
            List<KvCalibration.Bases> bases = new ArrayList<>();
            for (KvStream s : streams) {
                KvBasis keys = basis(in, s.heads() * s.keyWidth());
                bases.add(new KvCalibration.Bases(keys, basis(in, s.heads() * s.valueWidth())));
            }
            if (in.read() >= 0) throw wrong("there is more behind the last layer");
            return Optional.of(bases);
        }
    }

    private KvBasis basis(DataInputStream in, int wanted) throws IOException {
        int width = number(in);
        int rank = number(in);
        if (width != wanted) throw wrong("width=" + width + ", the model's heads have " + wanted);
        if (rank < 1 || rank > width) throw wrong("directions=" + rank + ", allowed: 1 to " + width);
        try {
            return new KvBasis(floats(in, width), floats(in, rank), floats(in, Math.multiplyExact(rank, width)));
        } catch (IllegalArgumentException e) {
            throw wrong(e.getMessage());
        }
    }

    private float[] floats(DataInputStream in, int count) throws IOException {
        float[] all = new float[count];
        MemorySegment.copy(MemorySegment.ofArray(read(in, 4 * count)), Floats.LAYOUT, 0, all, 0, count);
        return all;
    }

    private int number(DataInputStream in) throws IOException {
        return ByteBuffer.wrap(read(in, 4)).order(ByteOrder.LITTLE_ENDIAN).getInt();
    }

    private byte[] read(DataInputStream in, int count) throws IOException {
        byte[] bytes = in.readNBytes(count);
        if (bytes.length < count) throw wrong("it ends too soon");
        return bytes;
    }

    private MalformedModelException wrong(String what) {
        return new MalformedModelException("the bases " + path + " cannot be used: " + what);
    }
}
