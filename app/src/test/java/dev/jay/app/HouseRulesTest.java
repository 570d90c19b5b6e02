// SPDX-License-Identifier: Apache-2.0
package dev.jay.app;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import org.junit.jupiter.api.Test;

/** The arrows between the rooms and what each may touch; {@code docs/decisions/001} says why. */
class HouseRulesTest {
    private static final JavaClasses JAY = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .withImportOption(location -> !location.contains("/test-classes") && !location.contains("-tests.jar"))
            .importPackages(
                    "dev.jay.tensor", "dev.jay.kv", "dev.jay.model", "dev.jay.train", "dev.jay.engine", "dev.jay.app");

    @Test
    void shouldFollowTheArrows() {
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("tensor")
                .definedBy("dev.jay.tensor..")
                .layer("kv")
                .definedBy("dev.jay.kv..")
                .layer("model")
                .definedBy("dev.jay.model..")
                .optionalLayer("train")
                .definedBy("dev.jay.train..")
                .layer("engine")
                .definedBy("dev.jay.engine..")
                .layer("app")
                .definedBy("dev.jay.app..")
                .whereLayer("app")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("engine")
                .mayOnlyBeAccessedByLayers("app")
                .whereLayer("train")
                .mayOnlyBeAccessedByLayers("app")
                .whereLayer("model")
                .mayOnlyBeAccessedByLayers("train", "engine", "app")
                .whereLayer("kv")
                .mayOnlyBeAccessedByLayers("model", "train", "engine", "app")
                .check(JAY);
    }

    /** A room is a package of a module with all below it: a catalog may list members that live in packages of their own. */
    private static final SliceAssignment ROOMS = new SliceAssignment() {
        @Override
        public String getDescription() {
            return "rooms";
        }

        @Override
        public SliceIdentifier getIdentifierOf(JavaClass type) {
            String[] names = type.getPackageName().split("\\.");
            if (names.length < 3 || !names[1].equals("jay")) return SliceIdentifier.ignore();
            return SliceIdentifier.of(names[2], names.length > 3 ? names[3] : "");
        }
    };

    @Test
    void shouldHaveNoCyclesBetweenRooms() {
        slices().assignedFrom(ROOMS).should().beFreeOfCycles().check(JAY);
    }

    @Test
    void shouldTakeOffHeapMemoryInTwoRoomsOnly() {
        noClasses()
                .that()
                .resideOutsideOfPackages("dev.jay.tensor.memory..", "dev.jay.tensor.asm..")
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.lang.foreign.Arena")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.lang.foreign.Linker")
                .check(JAY);
    }

    @Test
    void shouldKeepTheVectorApiInItsRoom() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.jay.tensor.kernel..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("jdk.incubator.vector..")
                .check(JAY);
    }

    @Test
    void shouldTalkToTheNetworkInAppOnly() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.jay.app..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.net..", "java.nio.channels.spi..")
                .check(JAY);
    }

    @Test
    void shouldReadPropertiesAndEnvironmentOnTheCommandLineOnly() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.jay.app.cli..")
                .should()
                .callMethod(System.class, "getProperty", String.class)
                .orShould()
                .callMethod(System.class, "getProperty", String.class, String.class)
                .orShould()
                .callMethod(System.class, "getenv", String.class)
                .orShould()
                .callMethod(System.class, "getenv")
                .check(JAY);
    }

    @Test
    void shouldPrintOnTheCommandLineOnly() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.jay.app.cli..")
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .check(JAY);
    }

    @Test
    void shouldHoldNoStaticMutableField() {
        fields().that().areStatic().should().beFinal().check(JAY);
    }

    @Test
    void shouldNotSleepBelowTheApp() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.jay.app..")
                .should()
                .callMethod(Thread.class, "sleep", long.class)
                .check(JAY);
    }
}
