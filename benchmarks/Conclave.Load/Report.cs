using System.Globalization;
using System.Text.Json.Nodes;

namespace Conclave.Load;

/// <summary>Prints measurements for people and appends them as JSON lines for machines.</summary>
internal sealed class Report(string? file)
{
    private readonly JsonObject _machine = Machine.Describe();

    public bool Failed { get; private set; }

    public void Begin(string scenario) => Console.WriteLine($"== {scenario}");

    /// <summary>One measurement: numbers are rounded to four significant places for reading, not in the file.</summary>
    public void Add(string scenario, string what, params (string Name, object Value)[] facts)
    {
        Console.WriteLine($"  {what,-34} {string.Join("  ", facts.Select(fact => $"{fact.Name}={Show(fact.Value)}"))}");
        if (file is null) return;
        var line = new JsonObject { ["time"] = DateTimeOffset.UtcNow.ToString("O"), ["scenario"] = scenario, ["what"] = what };
        foreach (var (name, value) in facts) line[name] = JsonValue.Create(value is double number ? Math.Round(number, 3) : value);
        line["machine"] = _machine.DeepClone();
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.AppendAllText(file, line.ToJsonString() + "\n");
    }

    public void Fail(string scenario, string why)
    {
        Failed = true;
        Add(scenario, "FAILED", ("why", why));
    }

    private static string Show(object value) => value switch
    {
        double number when Math.Abs(number) >= 100 => number.ToString("N0", CultureInfo.InvariantCulture),
        double number => number.ToString("0.###", CultureInfo.InvariantCulture),
        int number => number.ToString("N0", CultureInfo.InvariantCulture),
        long number => number.ToString("N0", CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };
}
