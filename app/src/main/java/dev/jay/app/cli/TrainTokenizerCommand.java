// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.model.text.PreTokenizers;
import dev.jay.train.data.BytePairTrainer;
import dev.jay.train.data.Documents;
import dev.jay.train.data.TokenizerFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "train-tokenizer",
        description = "Learn a byte-level BPE tokenizer from texts; 'jay train' puts it into the models it makes.",
        footer = {
            "",
            "A text's documents end with a line <|endoftext|>; of .jsonl each line is an object with a \"text\".",
            "",
            "Examples:",
            "  jay train-tokenizer corpus.txt.gz more.jsonl --out tokenizer.gguf",
            "  jay train-tokenizer corpus.txt --vocabulary 8192 --pieces llama-bpe --out tokenizer.gguf"
        })
final class TrainTokenizerCommand implements Callable<Integer> {
    private static final int DEFAULT_VOCABULARY = 4096;

    private final Shell shell;

    @Parameters(arity = "1..*", paramLabel = "IN", description = "Texts: .txt or .jsonl, each perhaps .gz.")
    private List<String> in = new ArrayList<>();

    @Option(
            names = {"-o", "--out"},
            paramLabel = "FILE",
            required = true,
            description = "The GGUF file to write.")
    private Path out;

    @Option(
            names = "--vocabulary",
            paramLabel = "N",
            converter = Values.Count.class,
            description = "Tokens, control tokens and the 256 bytes among them (4096).")
    private Integer vocabulary;

    @Option(
            names = "--pieces",
            paramLabel = "NAME",
            description = "How text is cut before pairs are counted, as GGUF names it (qwen2: every digit alone).")
    private String pieces;

    @Option(
            names = "--special",
            paramLabel = "TOKEN",
            split = ",",
            description = "Control tokens; the first ends a text (<|endoftext|>,<|im_start|>,<|im_end|>).")
    private List<String> specials;

    TrainTokenizerCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        List<Path> files = existing(in);
        String cut = pieces == null ? "qwen2" : pieces;
        List<String> controls = specials == null ? TokenizerFile.SPECIALS : specials;
        int size = vocabulary == null ? DEFAULT_VOCABULARY : vocabulary;
        BytePairTrainer trainer = new BytePairTrainer(PreTokenizers.ALL.make(cut));
        try (Progress progress = new Progress(shell)) {
            Documents.read(files, trainer::add, (read, total) -> progress.at(read, total, "reading"));
        }
        try (Progress progress = new Progress(shell)) {
            BytePairTrainer.Result trained =
                    trainer.train(size - controls.size(), (at, wanted) -> progress.at(at, wanted, "merging"));
            TokenizerFile.write(trained, cut, controls, out);
        }
        shell.say(out + ": " + size + " tokens, from " + trainer.pieces() + " different pieces of text");
        return ExitCode.OK.code();
    }

    /** @throws CommandException naming the first that is not there */
    static List<Path> existing(List<String> names) {
        List<Path> files = names.stream().map(Path::of).toList();
        for (Path file : files) {
            if (!Files.isRegularFile(file)) throw new CommandException(ExitCode.NO_INPUT, "no such file: " + file);
        }
        return files;
    }
}
