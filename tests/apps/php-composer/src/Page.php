<?php

namespace Acme\Site;

use Acme\Greeting\Greeting;
use Composer\InstalledVersions;

class Page
{
    public function text(): string
    {
        return Greeting::of("greeting " . InstalledVersions::getVersion("acme/greeting")) . ", " . $_SERVER["REQUEST_URI"] . "\n";
    }
}
